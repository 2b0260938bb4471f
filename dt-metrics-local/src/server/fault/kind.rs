//! The kinds of fault, and their text on a command line.

use std::str::FromStr;
use std::time::Duration;

use crate::server::error::FaultError;
use crate::server::response::Answer;

/// A failure that the endpoint simulates for a request.
///
/// Pass it to [`Server::fail_next`](crate::Server::fail_next),
/// [`fail_always`](crate::Server::fail_always) or
/// [`fail_at_random`](crate::Server::fail_at_random), or its text to the program's option `--fault`.
///
/// | text | fault | lines accepted |
/// | --- | --- | --- |
/// | `none` | [`None`](Self::None) | as usual |
/// | `503` | [`Answer`](Self::Answer) with this status | none |
/// | `429=30` | status 429, with `Retry-After: 30` | none |
/// | `429=date+30` | status 429, with the date in 30 seconds as `Retry-After` | none |
/// | `html`, `html=403` | [`Answer::html`], by default 200 | none |
/// | `redirect=http://other.example/path` | [`Answer::redirect`] | none |
/// | `echo-authorization`, `echo-authorization=403` | [`EchoAuthorization`](Self::EchoAuthorization), by default 401 | none |
/// | `refuse-lines=2` | [`RefuseLines`](Self::RefuseLines) | all but the first two |
/// | `body-limit=1000` | [`BodyLimit`](Self::BodyLimit) | none if the body is longer |
/// | `reset-before-reading` | [`ResetBeforeReading`](Self::ResetBeforeReading) | none |
/// | `reset-after-reading` | [`ResetAfterReading`](Self::ResetAfterReading) | as usual |
/// | `silent-before-reading` | [`SilentBeforeReading`](Self::SilentBeforeReading) | none |
/// | `silent-after-reading` | [`SilentAfterReading`](Self::SilentAfterReading) | as usual |
/// | `hold` | [`Hold`](Self::Hold) | as usual, if the client waited |
/// | `delay=1.5` | [`Delay`](Self::Delay) in seconds | as usual |
/// | `slow-reading`, `slow-reading=100` | [`SlowReading`](Self::SlowReading), by default a byte a second | as usual |
/// | `slow-answer`, `slow-answer=100` | [`SlowAnswer`](Self::SlowAnswer), by default a byte a second | as usual |
/// | `endless-body` | [`EndlessBody`](Self::EndlessBody) | as usual |
/// | `endless-headers` | [`EndlessHeaders`](Self::EndlessHeaders) | as usual |
///
/// `reset` and `silent` are short for `reset-before-reading` and `silent-before-reading`. "As
/// usual" means that the request is judged: its valid lines count as accepted, as in Dynatrace,
/// even if the client never receives the response.
///
/// ```
/// use dt_metrics_local::{Answer, Fault, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!("503".parse::<Fault>()?, Fault::from(503));
///
/// let server = Server::builder().start()?;
/// server.fail_next(2, Fault::ResetAfterReading)?;
/// server.fail_always(Answer::new(429).header("Retry-After", "1"))?;
/// server.recover();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Does not simulate a fault: the request is judged as usual. Use this variant for the share of normal
    /// responses among random faults.
    None,
    /// Returns this answer to any request. No line is accepted, not even with a status of 202.
    Answer(Answer),
    /// Refuses the first valid lines, up to this number, and accepts the other lines: the response
    /// is 400 and lists the refused lines. Over OTLP, refuses data points, and the response is a partial
    /// success.
    RefuseLines(usize),
    /// Refuses a body of more than this number of bytes with 413.
    BodyLimit(u64),
    /// Responds with this status and repeats the `Authorization` header in the body, like a faulty
    /// proxy. Use this fault to test that the token does not reach a log of the client.
    EchoAuthorization(u16),
    /// Reads the request and waits for [`Server::release`](crate::Server::release), then judges it,
    /// unless the client has disconnected.
    Hold,
    /// Accepts the lines at once and delays the response.
    Delay(Duration),
    /// Keeps the connection open, but does not read or send anything. No line is accepted.
    SilentBeforeReading,
    /// Accepts the lines, but never responds.
    SilentAfterReading,
    /// Resets the connection (TCP `RST`) as soon as a request begins. No line is accepted.
    ResetBeforeReading,
    /// Accepts the lines, then resets the connection (TCP `RST`) instead of responding.
    ResetAfterReading,
    /// Reads the request at this pace. The client can send about 100 kB without waiting, since the
    /// system buffers the bytes.
    SlowReading {
        /// The pace, at least 1.
        bytes_per_second: u32,
    },
    /// Sends the response at this pace, head and body.
    SlowAnswer {
        /// The pace, at least 1.
        bytes_per_second: u32,
    },
    /// Sends the usual status and a body that never ends.
    EndlessBody,
    /// Sends the usual status and headers that never end.
    EndlessHeaders,
}

impl Fault {
    /// Returns the name of the fault in [`Request::fault`](crate::Request::fault): its text without the
    /// value; `answer` for every [`Answer`](Self::Answer).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Answer(_) => "answer",
            Self::RefuseLines(_) => "refuse-lines",
            Self::BodyLimit(_) => "body-limit",
            Self::EchoAuthorization(_) => "echo-authorization",
            Self::Hold => "hold",
            Self::Delay(_) => "delay",
            Self::SilentBeforeReading => "silent-before-reading",
            Self::SilentAfterReading => "silent-after-reading",
            Self::ResetBeforeReading => "reset-before-reading",
            Self::ResetAfterReading => "reset-after-reading",
            Self::SlowReading { .. } => "slow-reading",
            Self::SlowAnswer { .. } => "slow-answer",
            Self::EndlessBody => "endless-body",
            Self::EndlessHeaders => "endless-headers",
        }
    }

    /// Whether the fault takes effect before the request is read, so that it is chosen without the
    /// request.
    pub(super) fn is_before_reading(&self) -> bool {
        matches!(
            self,
            Self::SilentBeforeReading | Self::ResetBeforeReading | Self::SlowReading { .. }
        )
    }

    /// Checks that the endpoint can simulate the fault.
    pub(super) fn check(&self) -> Result<(), FaultError> {
        match self {
            Self::Answer(answer) => answer.check(),
            Self::EchoAuthorization(status) => Answer::new(*status).check(),
            Self::SlowReading { bytes_per_second } | Self::SlowAnswer { bytes_per_second }
                if *bytes_per_second == 0 =>
            {
                Err(FaultError::Pace)
            }
            _ => Ok(()),
        }
    }
}

impl From<Answer> for Fault {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// The [`Answer`](Fault::Answer) with this status.
impl From<u16> for Fault {
    fn from(status: u16) -> Self {
        Self::Answer(Answer::new(status))
    }
}

/// Parses the text of a fault; [`Fault`] has the table.
impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let given = Given { text, value };
        let fault = match name {
            "none" => given.bare(Self::None)?,
            "hold" => given.bare(Self::Hold)?,
            "silent" | "silent-before-reading" => given.bare(Self::SilentBeforeReading)?,
            "silent-after-reading" => given.bare(Self::SilentAfterReading)?,
            "reset" | "reset-before-reading" => given.bare(Self::ResetBeforeReading)?,
            "reset-after-reading" => given.bare(Self::ResetAfterReading)?,
            "endless-body" => given.bare(Self::EndlessBody)?,
            "endless-headers" => given.bare(Self::EndlessHeaders)?,
            "html" => Answer::html(given.number_or(200, "a status")?).into(),
            "redirect" => Answer::redirect(given.value("a URL")?).into(),
            "echo-authorization" => Self::EchoAuthorization(given.number_or(401, "a status")?),
            "refuse-lines" => Self::RefuseLines(given.number("a number of lines")?),
            "body-limit" => Self::BodyLimit(given.number("a number of bytes")?),
            "delay" => Self::Delay(given.seconds()?),
            "slow-reading" => Self::SlowReading {
                bytes_per_second: given.number_or(1, "bytes a second")?,
            },
            "slow-answer" => Self::SlowAnswer {
                bytes_per_second: given.number_or(1, "bytes a second")?,
            },
            _ => given.status(name)?,
        };
        fault.check()?;
        Ok(fault)
    }
}

/// A fault as given, with the value behind its name.
struct Given<'a> {
    text: &'a str,
    value: Option<&'a str>,
}

impl<'a> Given<'a> {
    /// The error that the value is not as expected.
    fn expected(&self, expected: &'static str) -> FaultError {
        FaultError::Value {
            fault: self.text.to_owned(),
            expected,
        }
    }

    /// The fault, if no value is given.
    fn bare(&self, fault: Fault) -> Result<Fault, FaultError> {
        match self.value {
            None => Ok(fault),
            Some(_) => Err(self.expected("no value")),
        }
    }

    fn value(&self, expected: &'static str) -> Result<&'a str, FaultError> {
        self.value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| self.expected(expected))
    }

    fn number<T: FromStr>(&self, expected: &'static str) -> Result<T, FaultError> {
        let value = self.value(expected)?;
        value.parse().map_err(|_| self.expected(expected))
    }

    fn number_or<T: FromStr>(&self, usual: T, expected: &'static str) -> Result<T, FaultError> {
        match self.value {
            None => Ok(usual),
            Some(_) => self.number(expected),
        }
    }

    fn seconds(&self) -> Result<Duration, FaultError> {
        let seconds = self.number("seconds")?;
        Duration::try_from_secs_f64(seconds).map_err(|_| self.expected("seconds"))
    }

    /// Parses `503`, `429=30` or `429=date+30`.
    fn status(&self, name: &str) -> Result<Fault, FaultError> {
        let status = name
            .parse()
            .map_err(|_| FaultError::Unknown(self.text.to_owned()))?;
        let answer = Answer::new(status);
        let Some(value) = self.value else {
            return Ok(answer.into());
        };
        let (seconds, is_date) = match value.strip_prefix("date+") {
            Some(seconds) => (seconds, true),
            None => (value, false),
        };
        let after = seconds
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| self.expected("the seconds of Retry-After, or date+seconds"))?;
        Ok(if is_date {
            answer.retry_after_date(after).into()
        } else {
            answer.retry_after(after).into()
        })
    }
}
