//! The environment of the process: variables and their names.

use crate::dynatrace::config::unquoted::unquoted;

/// Names the endpoint, as Dynatrace's own programs and its operator do.
pub(crate) const URL_VARIABLE: &str = "DT_METRICS_INGEST_URL";

/// Names the token, as Dynatrace's own programs and its operator do.
pub(crate) const TOKEN_VARIABLE: &str = "DT_METRICS_INGEST_API_TOKEN";

/// Names the endpoint, as the option of the builder is called.
pub(crate) const URL_OPTION: &str = "DT_METRICS_ENDPOINT";

/// Names the token, as the option of the builder is called.
pub(crate) const TOKEN_OPTION: &str = "DT_METRICS_API_TOKEN";

/// Looks up a variable, in the process or in a test's replacement for it.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks up a variable of the process. A value that is not Unicode is returned with replacement
/// characters, so that it is found invalid later and not taken for unset.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Turns all metrics off (OpenTelemetry specification, "Environment variables").
pub(crate) const DISABLED_VARIABLE: &str = "OTEL_SDK_DISABLED";

/// Whether the environment turns metrics off, and a warning if the variable has another value than
/// `true` and `false`.
pub(crate) fn sdk_disabled(environment: Environment) -> (bool, Option<String>) {
    let text = environment(DISABLED_VARIABLE).unwrap_or_default();
    let text = unquoted(&text).unwrap_or("false");
    let is_disabled = text.eq_ignore_ascii_case("true");
    let is_valid = is_disabled || text.eq_ignore_ascii_case("false");
    let warning = (!is_valid)
        .then(|| format!("ignoring {DISABLED_VARIABLE}, which is invalid: use true or false"));
    (is_disabled, warning)
}

/// The names of all variables of the process.
pub(crate) fn process_names() -> Vec<String> {
    std::env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .collect()
}
