//! The environment of the process: variables, how their values are read, and the proxy they name.

use crate::dynatrace::config::endpoint::Endpoint;

/// Names the endpoint.
pub(crate) const URL_VARIABLE: &str = "DT_METRICS_INGEST_URL";

/// Names the token.
pub(crate) const TOKEN_VARIABLE: &str = "DT_METRICS_INGEST_API_TOKEN";

/// Looks up a variable, in the process or in a test's replacement for it.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks up a variable of the process. A value that is not Unicode is returned with replacement
/// characters, so that it is found invalid later and not taken for unset.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Removes the white space around a value, and the quotes that some people write into files of
/// environment variables; `None` if nothing is left.
pub(super) fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let text = inner.unwrap_or(text).trim();
    (!text.is_empty()).then_some(text)
}

/// The variable that names the proxy on the way to this endpoint.
pub(crate) fn proxy_variable(
    endpoint: &Endpoint,
    environment: Environment,
) -> Option<&'static str> {
    // The client uses no proxy for endpoints on this host.
    if endpoint.is_loopback() {
        return None;
    }
    let host = endpoint.url().host_str()?;
    let exempt = ["NO_PROXY", "no_proxy"].into_iter().find_map(environment);
    if exempt.is_some_and(|names| is_exempt(host, &names)) {
        return None;
    }
    let names = if endpoint.is_https() {
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    let is_set = |name: &&str| environment(name).is_some_and(|text| !text.trim().is_empty());
    names.into_iter().find(is_set)
}

/// Whether a list of host names covers the host. Networks in the list are ignored: they do not cover
/// hosts that are given by name.
fn is_exempt(host: &str, names: &str) -> bool {
    let mut names = names
        .split(',')
        .map(|name| name.trim().trim_start_matches('.'));
    names.any(|name| {
        let rest = host.strip_suffix(name);
        name == "*"
            || (!name.is_empty() && rest.is_some_and(|it| it.is_empty() || it.ends_with('.')))
    })
}

#[cfg(test)]
mod tests;
