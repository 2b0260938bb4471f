//! The result of a check, step by step.

use std::fmt;

use crate::dynatrace::config::table::Setting;
use crate::dynatrace::text::printable;

/// The result of [`check`](crate::check). `Display` prints one line for each step and each option. The report
/// contains no secrets.
///
/// ```no_run
/// let report = dt_metrics::check();
/// println!("{report}");
/// if let Some(problem) = report.problem() {
///     println!("what to fix: {problem:?}");
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it reports what to fix"]
pub struct CheckReport {
    steps: Vec<Step>,
    pub(super) settings: Vec<Setting>,
    /// Whether the local endpoint answered in place of Dynatrace.
    pub(super) is_local: bool,
}

/// One step of a check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// The subject of the step, such as "token".
    pub name: &'static str,
    /// The result of the step.
    pub verdict: Verdict,
    /// The finding and, if the step failed, advice.
    pub text: String,
}

/// The result of a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// The step succeeded.
    Ok,
    /// Metrics would arrive, but the setting is probably a mistake.
    Warning,
    /// Metrics would not arrive until the problem is fixed.
    Failed(Problem),
    /// The step could not be tried, since an earlier step failed.
    NotTried,
}

/// The reason why metrics would not arrive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// No endpoint is configured, and no OneAgent listens on this host.
    NoEndpoint,
    /// The configured endpoint is not a usable URL.
    InvalidEndpoint,
    /// A server answers, but the URL is not the URL of an ingest endpoint.
    WrongPath,
    /// The endpoint requires a token, but no token is configured.
    MissingToken,
    /// The endpoint does not accept the token, or the token is not usable.
    WrongToken,
    /// The token lacks the scope `metrics.ingest`.
    MissingScope,
    /// The token would be sent over the network unencrypted.
    CleartextToken,
    /// This host does not trust the server's certificate: it is from an unknown root, has expired, or
    /// is for another host.
    UntrustedCertificate,
    /// Nothing listens at the endpoint.
    ConnectionRefused,
    /// The connection fails for another reason, such as DNS, routing or TLS.
    Unreachable,
    /// The connection succeeded, but there was no answer in time.
    NoAnswer,
    /// The server is temporarily unavailable.
    Unavailable,
    /// The endpoint rejected the test line.
    LineRefused,
    /// The clock of this host is so wrong that lines are rejected.
    ClockSkew,
    /// Another option has an invalid value.
    Configuration,
}

impl CheckReport {
    pub(super) fn add(&mut self, name: &'static str, verdict: Verdict, text: impl Into<String>) {
        self.steps.push(Step {
            name,
            verdict,
            // Paths and values of variables are texts from elsewhere.
            text: printable(&text.into()).into_owned(),
        });
    }

    /// Returns `true` if metrics would arrive, at Dynatrace or at the local endpoint.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problem().is_none()
    }

    /// Returns the first problem to fix; `None` if metrics would arrive.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        self.steps.iter().find_map(|step| match step.verdict {
            Verdict::Failed(problem) => Some(problem),
            _ => None,
        })
    }

    /// Returns the steps of the check, in the order in which they were tried.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the value of each option, and its source: the program, an environment variable, a file or the
    /// default. Empty if `OTEL_SDK_DISABLED` turns everything off.
    ///
    /// ```
    /// for setting in dt_metrics::builder().endpoint("http://127.0.0.1:1/x").check().settings() {
    ///     println!("{setting}");
    /// }
    /// ```
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let word = match step.verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Failed(_) => "FAILED",
                Verdict::NotTried => "not tried",
            };
            let line = format!("{word:<9}  {:<13}  {}", step.name, step.text);
            writeln!(f, "{}", line.trim_end())?;
        }
        for Setting {
            name,
            value,
            source,
        } in &self.settings
        {
            writeln!(f, "option     {name:<25}  {value}, from {source}")?;
        }
        f.write_str(match self.is_ok() {
            true if self.is_local => {
                "metrics of this configuration arrive at the local endpoint, not at Dynatrace"
            }
            true => "metrics of this configuration arrive",
            false => "metrics of this configuration do not arrive",
        })
    }
}
