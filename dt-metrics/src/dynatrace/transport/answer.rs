//! The body of an answer. Written by a server: nothing in it is taken on trust.

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::transport::redact::shorten;
use serde_core::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use std::fmt;

/// What an ingest endpoint says, where it says it (Dynatrace documentation, "POST ingest data
/// points"; the OneAgent says `linesValid` for `linesOk`).
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answer {
    ok: Option<u64>,
    invalid: Option<u64>,
    pub(crate) message: Option<String>,
    /// The numbers from 1 of the first refused lines, and the reasons.
    refused: Vec<(Option<usize>, String)>,
    /// The numbers of all refused lines that are listed.
    refused_numbers: Vec<usize>,
}

/// What became of the data points of a request. The first two always add up to what was sent,
/// whatever the server says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) ok: u64,
    pub(crate) invalid: u64,
    /// Refused lines of any kind, metadata included.
    pub(crate) refused: u64,
}

impl Answer {
    /// What became of the lines, if the answer says so.
    pub(crate) fn counts(&self, body: &Body) -> Option<Counts> {
        let (data, all) = (body.points, body.all_lines());
        let refused = match (self.ok, self.invalid) {
            // Where metadata is not counted, the two add up to the data points alone.
            (Some(ok), Some(invalid)) if ok.checked_add(invalid) == Some(data) => invalid,
            (Some(ok), Some(0) | None) if ok >= data => 0,
            (Some(ok), _) => all - ok.min(all),
            (None, Some(invalid)) => invalid.min(all),
            (None, None) => return None,
        };
        let mut numbers = self.refused_numbers.clone();
        numbers.sort_unstable();
        let metadata = body
            .metadata_numbers()
            .filter(|number| numbers.binary_search(number).is_ok())
            .count();
        let metadata = u64::try_from(metadata).unwrap_or(u64::MAX).min(refused);
        let invalid = (refused - metadata).min(data);
        Some(Counts {
            ok: data - invalid,
            invalid,
            refused,
        })
    }

    /// The first refused lines with their text and the reason.
    pub(crate) fn refused_lines(&self, body: &str) -> String {
        let mut text = String::new();
        for (number, reason) in &self.refused {
            let line = number
                .and_then(|number| number.checked_sub(1))
                .and_then(|index| body.split('\n').nth(index));
            if !text.is_empty() {
                text.push_str("; ");
            }
            if let Some(line) = line {
                text.push('`');
                text.push_str(&shorten(line));
                text.push_str("`: ");
            }
            text.push_str(&shorten(reason));
        }
        text
    }
}

// ===== from answer::parse: //! Reading an answer as far as it goes: one that is long, slow or broken off still says something.
/// How many refused lines are named.
const NAMED_LINES: usize = 3;

impl Answer {
    /// What can be made out; `None` if this is no JSON object.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let mut answer = Self::default();
        let mut json = serde_json::Deserializer::from_slice(body);
        let whole = json.deserialize_map(Whole(&mut answer)).is_ok();
        (whole || answer != Self::default()).then_some(answer)
    }
}

struct Whole<'a>(&'a mut Answer);

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "linesOk" | "linesValid" => self.0.ok = map.next_value::<Value>()?.as_u64(),
                "linesInvalid" => self.0.invalid = map.next_value::<Value>()?.as_u64(),
                "error" => map.next_value_seed(Fault(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The value of `error`.
struct Fault<'a>(&'a mut Answer);

impl<'de> DeserializeSeed<'de> for Fault<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fault<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a text or an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    /// Not what Dynatrace sends, but what others do that stand in its place.
    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.message = Some(text.into());
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "message" => {
                    let message = map.next_value::<Value>()?;
                    self.0.message = message.as_str().map(Into::into);
                }
                "invalidLines" => map.next_value_seed(Refused(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The value of `invalidLines`.
struct Refused<'a>(&'a mut Answer);

impl<'de> DeserializeSeed<'de> for Refused<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Refused<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null or a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(line) = list.next_element::<Value>()? {
            let number = line["line"]
                .as_u64()
                .and_then(|number| usize::try_from(number).ok());
            if self.0.refused.len() < NAMED_LINES {
                let reason = line["error"].as_str().unwrap_or("no reason given");
                self.0.refused.push((number, reason.into()));
            }
            self.0.refused_numbers.extend(number);
        }
        Ok(())
    }
}

// ===== from otlp::answer: //! The body of an answer. Written by a server: nothing in it is taken on trust.
/// How many data points an accepted request lost all the same, and why.
#[cfg(feature = "otlp")]
pub(crate) fn refused(answer: &[u8]) -> Option<(u64, String)> {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
    use prost::Message as _;

    let partial = ExportMetricsServiceResponse::decode(answer)
        .ok()?
        .partial_success?;
    let points = u64::try_from(partial.rejected_data_points).ok()?;
    (points > 0).then_some((points, partial.error_message))
}

/// What can be read of an answer: one in protobuf is words and a few bytes around them.
#[cfg(feature = "otlp")]
pub(crate) fn words(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer)
        .chars()
        .filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER)
        .collect()
}

#[cfg(test)]
mod tests;
