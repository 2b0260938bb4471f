//! The proxy that the environment names, as far as it is to be told of it: the HTTP client goes by
//! the same variables by itself.

use super::endpoint::Endpoint;
use super::target::Environment;

/// The variable that names the proxy on the way to this endpoint.
pub(super) fn variable(endpoint: &Endpoint, environment: Environment) -> Option<&'static str> {
    // None is asked for what is on this host.
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

/// By name; networks are left out, of which a host that is reached by its name is in none.
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
