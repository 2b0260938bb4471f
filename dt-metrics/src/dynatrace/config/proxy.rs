//! The proxy that the environment names, as the HTTP client reads it.

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::environment::{Environment, process_environment};

/// The variables for a proxy, each in both spellings. The HTTP client uses the first spelling that
/// is set, even if it is empty.
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Present in a CGI program, where a client could set `HTTP_PROXY` by a header.
const CGI: &str = "REQUEST_METHOD";

/// The proxy on the way to an endpoint. No value is shown: it may contain a password.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxy {
    /// The variable that names it.
    pub(crate) variable: Option<&'static str>,
    /// The variable that the HTTP client uses although it leads nowhere.
    broken: Option<&'static str>,
    /// Variables that are not usable, and what happens instead.
    pub(crate) warnings: Vec<String>,
}

/// The variable that names the proxy on the way to this endpoint.
pub(crate) fn proxy_variable(endpoint: &Endpoint) -> Option<&'static str> {
    let proxy = Proxy::find(endpoint, &process_environment);
    proxy.variable.or(proxy.broken)
}

/// The passwords of all proxies in the environment, as they are written there, decoded, and as a
/// proxy receives them.
pub(crate) fn proxy_secrets(environment: Environment) -> Vec<SecretString> {
    let mut secrets = Vec::new();
    for text in [HTTPS, HTTP, ALL]
        .as_flattened()
        .iter()
        .filter_map(|name| environment(name))
    {
        let text = Zeroizing::new(text);
        let address = text.split_once("://").map_or(&**text, |(_, rest)| rest);
        // A password with a slash is written escaped, but some people forget that.
        let Some((user_info, _)) = address.rsplit_once('@') else {
            continue;
        };
        let password = user_info.split_once(':').map_or(user_info, |(_, it)| it);
        let decoded = percent_decode_str(password).decode_utf8_lossy();
        let decoded = Zeroizing::new(decoded.into_owned());
        secrets.extend([password, &decoded].map(SecretString::from));
        let matcher = Matcher::builder().all(&**text).build();
        let proxy = matcher.intercept(&Uri::from_static("http://endpoint/"));
        let header = proxy
            .as_ref()
            .and_then(|proxy| proxy.basic_auth()?.to_str().ok());
        let sent = header.and_then(|header| header.split_once(' '));
        secrets.extend(sent.map(|(_, sent)| sent.into()));
    }
    secrets
}

impl Proxy {
    pub(crate) fn find(endpoint: &Endpoint, environment: Environment) -> Self {
        let mut proxy = Self::default();
        // The client uses no proxy for endpoints on this host.
        if endpoint.is_loopback() {
            return proxy;
        }
        let Ok(target) = endpoint.url().as_str().parse::<Uri>() else {
            return proxy;
        };
        let own = if endpoint.is_https() { HTTPS } else { HTTP };
        let spellings = [own, ALL];
        let is_set = |name: &&str| environment(name).is_some_and(|text| !text.trim().is_empty());
        let Some(first) = spellings
            .as_flattened()
            .iter()
            .copied()
            .find(|name| is_set(name))
        else {
            return proxy;
        };
        if environment(CGI).is_some() {
            proxy.warnings.push(format!(
                "{first} is not used, since {CGI} is set, as for a CGI program: requests go \
                 directly to {endpoint}; remove {CGI} from the environment"
            ));
            return proxy;
        }
        let exemptions = value(NO, environment)
            .map(|(_, text)| text)
            .unwrap_or_default();
        for spellings in spellings {
            let [upper, lower] = spellings;
            let Some((name, text)) = value(spellings, environment) else {
                continue;
            };
            if text.trim().is_empty() {
                if name == upper && is_set(&lower) {
                    let reason = format!("{lower} is not used, since {upper} is set and empty");
                    proxy.warnings.push(reason + ": remove one of them");
                }
                continue;
            }
            let exempt = Matcher::builder()
                .all("http://proxy")
                .no(&*exemptions)
                .build();
            if exempt.intercept(&target).is_none() {
                return Self::default();
            }
            match check(&text, &target) {
                Ok(()) => {
                    proxy.variable = Some(name);
                    break;
                }
                Err(Unusable { reason, is_used }) => {
                    proxy.warnings.push(format!(
                        "{name} is not usable as a proxy, since {reason}: set it to a URL such as \
                         http://proxy.example:3128, or remove it"
                    ));
                    if is_used {
                        proxy.broken = Some(name);
                        break;
                    }
                }
            }
        }
        let way = match (proxy.variable, proxy.broken) {
            (Some(variable), _) => format!("; the proxy in {variable} is used"),
            (None, Some(_)) => format!("; until then, {endpoint} is not reached"),
            (None, None) => format!("; requests go directly to {endpoint}"),
        };
        for warning in &mut proxy.warnings {
            warning.push_str(&way);
        }
        proxy.warnings.extend(unmatched(&exemptions));
        proxy
    }
}

/// The value of the first spelling that is set.
fn value(spellings: [&'static str; 2], environment: Environment) -> Option<(&'static str, String)> {
    let mut values = spellings.into_iter();
    values.find_map(|name| Some((name, environment(name)?)))
}

/// Why a text is not a proxy. The reason completes "since …".
struct Unusable {
    reason: &'static str,
    /// Whether the HTTP client tries it all the same.
    is_used: bool,
}

/// Checks that the HTTP client can use this text as a proxy.
fn check(text: &str, target: &Uri) -> Result<(), Unusable> {
    let is_http = |scheme: &str| matches!(scheme, "http" | "https");
    let Some(proxy) = Matcher::builder().all(text).build().intercept(target) else {
        let reason = match text.split_once("://") {
            _ if text.trim() != text || text.starts_with(['"', '\'']) => {
                "there are quotes or white space around it"
            }
            Some((scheme, _)) if !is_http(scheme) => "its scheme is neither http nor https",
            _ => "it is not a URL",
        };
        return Err(Unusable {
            reason,
            is_used: false,
        });
    };
    let uri = proxy.uri();
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let reason = if !uri.scheme_str().is_some_and(is_http) {
        "its scheme is neither http nor https"
    } else if uri.host().is_none_or(str::is_empty) {
        "it has no host"
    } else if uri.port_u16().is_none() && uri.host() != authority {
        "its port is not a number up to 65535"
    } else {
        return Ok(());
    };
    Err(Unusable {
        reason,
        is_used: true,
    })
}

/// Entries of `NO_PROXY` that cover no host, since they are not host names, addresses or networks.
fn unmatched(exemptions: &str) -> Option<String> {
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    // A network covers its own address.
    let covers_itself = |entry: &str| {
        let address = entry.split('/').next().unwrap_or_default().parse();
        let host = match address {
            Ok(IpAddr::V4(address)) => address.to_string(),
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            Err(_) => return false,
        };
        let matcher = Matcher::builder().all("http://proxy").no(entry).build();
        let target = format!("http://{host}/").parse::<Uri>();
        target.is_ok_and(|target| matcher.intercept(&target).is_none())
    };
    let is_usable = |entry: &str| {
        entry.is_empty() || entry == "*" || covers_itself(entry) || entry.chars().all(is_host)
    };
    let entries = exemptions.split(',').map(str::trim).enumerate();
    let mut unusable = entries
        .filter(|(_, entry)| !is_usable(entry))
        .map(|(index, _)| index + 1);
    let position = unusable.next()?;
    Some(format!(
        "entry {position} of NO_PROXY covers no host: write host names, addresses or networks such \
         as 10.0.0.0/8, separated by commas, without scheme, port and `*.`"
    ))
}

#[cfg(test)]
mod tests;
