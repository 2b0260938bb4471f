//! Tries a configuration, and says what to fix.

pub(crate) mod run;
#[cfg(test)]
mod tests;

use std::fmt;

// ===== from check::report: //! What was found.
/// What [`check`](crate::check) found: a step a line when printed. Contains no secrets.
///
/// ```no_run
/// let report = dt_metrics::check();
/// println!("{report}");
/// if let Some(problem) = report.problem() {
///     println!("what to fix: {problem:?}");
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it says what to fix"]
pub struct CheckReport {
    steps: Vec<Step>,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// What was looked at, such as "token".
    pub name: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found; where it failed, with the fix.
    pub text: String,
}

/// How a step is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but is probably not meant.
    Warning,
    /// This has to be fixed.
    Failed(Problem),
    /// It could not be looked at, because of an earlier one.
    NotTried,
}

/// What has to be fixed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// None is configured, and no OneAgent listens on this host.
    NoEndpoint,
    /// The endpoint that is configured is not usable.
    InvalidEndpoint,
    /// Something answers there, but no ingest endpoint.
    WrongPath,
    /// The endpoint wants a token, and none is given.
    MissingToken,
    /// The endpoint does not know the token, or the token is not usable.
    WrongToken,
    /// The token lacks the scope `metrics.ingest`.
    MissingScope,
    /// The token would cross the network unencrypted.
    CleartextToken,
    /// The server's certificate is from a root that this host does not trust, has expired, or is
    /// for another host.
    UntrustedCertificate,
    /// Nothing listens there.
    ConnectionRefused,
    /// There is no way there: the name, the route, or the encryption.
    Unreachable,
    /// Connected, but there was no answer in time.
    NoAnswer,
    /// The server answers, but not now.
    Unavailable,
    /// The test line was refused.
    LineRefused,
    /// This host's clock is so wrong that lines are refused.
    ClockSkew,
    /// Another option is not usable.
    Configuration,
}

impl CheckReport {
    pub(crate) fn add(&mut self, name: &'static str, verdict: Verdict, text: impl Into<String>) {
        self.steps.push(Step {
            name,
            verdict,
            text: text.into(),
        });
    }

    /// Whether metrics would arrive.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problem().is_none()
    }

    /// What to fix first; `None` if metrics would arrive.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        self.steps.iter().find_map(|step| match step.verdict {
            Verdict::Failed(problem) => Some(problem),
            _ => None,
        })
    }

    /// All that was looked at, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step {
            name,
            verdict,
            text,
        } in &self.steps
        {
            let word = match verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Failed(_) => "FAILED",
                Verdict::NotTried => "not tried",
            };
            let line = format!("{word:<9}  {name:<13}  {text}");
            writeln!(f, "{}", line.trim_end())?;
        }
        f.write_str(if self.is_ok() {
            "metrics of this configuration arrive"
        } else {
            "metrics of this configuration do not arrive"
        })
    }
}
