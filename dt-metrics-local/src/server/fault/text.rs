//! Faults as they are written on a command line; [`Fault`] has the table.

use std::str::FromStr;
use std::time::Duration;

use super::Fault;
use crate::server::error::FaultError;
use crate::server::response::Answer;

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

/// A fault as given, and what is behind its name.
struct Given<'a> {
    text: &'a str,
    value: Option<&'a str>,
}

impl<'a> Given<'a> {
    fn expected(&self, expected: &'static str) -> FaultError {
        FaultError::Value {
            fault: self.text.to_owned(),
            expected,
        }
    }

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

    /// `503`, `429=30`, `429=date+30`.
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
