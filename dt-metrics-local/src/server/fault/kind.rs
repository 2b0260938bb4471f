use std::time::Duration;

use crate::server::error::FaultError;
use crate::server::response::Answer;

/// What the endpoint does with a request, if not what Dynatrace would do.
///
/// Given to [`Server::fail_next`](crate::Server::fail_next),
/// [`fail_always`](crate::Server::fail_always) and
/// [`fail_at_random`](crate::Server::fail_at_random), or by its text to the program's `--fault`.
///
/// | text | fault | lines accepted |
/// | --- | --- | --- |
/// | `none` | [`None`](Self::None) | as usual |
/// | `503` | [`Answer`](Self::Answer) with this status | none |
/// | `429=30` | the same, with `Retry-After: 30` | none |
/// | `429=date+30` | the same, with the date in 30 seconds | none |
/// | `html`, `html=403` | [`Answer::html`], by default 200 | none |
/// | `redirect=http://other.example/path` | [`Answer::redirect`] | none |
/// | `echo-authorization`, `echo-authorization=403` | [`EchoAuthorization`](Self::EchoAuthorization), by default 401 | none |
/// | `refuse-lines=2` | [`RefuseLines`](Self::RefuseLines) | all but the first two |
/// | `body-limit=1000` | [`BodyLimit`](Self::BodyLimit) | none of a longer body |
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
/// usual" means that the request is judged: its valid lines count as accepted whether or not the
/// client ever learns of it, as it would be with Dynatrace.
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
    /// None: the request is judged as usual. For a share of good answers among random ones.
    None,
    /// Answers this, whatever is in the request. None of its lines is accepted, not even by 202.
    Answer(Answer),
    /// Refuses so many lines from the first on as if they were invalid, and accepts the others:
    /// a 400 that names the refused ones. By OTLP, data points and a partial success.
    RefuseLines(usize),
    /// Refuses a body of more than so many bytes by 413.
    BodyLimit(u64),
    /// Answers with this status, and repeats the `Authorization` header in the body: what a badly
    /// made proxy does, and what must not reach a log of the client.
    EchoAuthorization(u16),
    /// Reads the request and does nothing until [`Server::release`](crate::Server::release); then
    /// the request is judged, unless its client has gone.
    Hold,
    /// Accepts the lines at once, and answers this much later.
    Delay(Duration),
    /// Keeps the connection, but reads nothing and says nothing.
    SilentBeforeReading,
    /// Accepts the lines, and never answers.
    SilentAfterReading,
    /// Resets the connection (TCP `RST`) as soon as a request begins.
    ResetBeforeReading,
    /// Accepts the lines, then resets the connection in place of an answer.
    ResetAfterReading,
    /// Reads the request at this pace. What the system buffers, some 100 kB, the client can send
    /// without waiting.
    SlowReading {
        /// The pace, at least 1.
        bytes_per_second: u32,
    },
    /// Sends the answer at this pace, head and body.
    SlowAnswer {
        /// The pace, at least 1.
        bytes_per_second: u32,
    },
    /// Sends the usual status, and a body that never ends.
    EndlessBody,
    /// Sends the usual status, and headers that never end.
    EndlessHeaders,
}

impl Fault {
    /// What it is called in [`Request::fault`](crate::Request::fault): the first word of its text;
    /// `answer` for those that are written as a status.
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

    /// Whether it shows before the request is read, so that it must be decided without knowing it.
    pub(in crate::server) fn is_before_reading(&self) -> bool {
        matches!(
            self,
            Self::SilentBeforeReading | Self::ResetBeforeReading | Self::SlowReading { .. }
        )
    }

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

/// An answer with this status.
impl From<u16> for Fault {
    fn from(status: u16) -> Self {
        Self::Answer(Answer::new(status))
    }
}
