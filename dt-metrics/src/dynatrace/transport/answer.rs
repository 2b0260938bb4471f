//! What the body of a response says. A server wrote it: nothing in it is trusted.

use std::fmt;

use serde_core::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use crate::dynatrace::encode::body::Body;
use crate::dynatrace::transport::redact::shorten;

/// How many rejected lines are named in a message.
const NAMED_LINES: usize = 3;

/// The JSON object that an ingest endpoint answers with (Dynatrace documentation, "POST ingest data
/// points"; the OneAgent says `linesValid` for `linesOk`).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    ok: Option<u64>,
    invalid: Option<u64>,
    pub(super) message: Option<String>,
    /// The first rejected lines: their numbers from 1, and the reasons.
    named_lines: Vec<(Option<usize>, String)>,
    /// The numbers of all rejected lines that are listed.
    line_numbers: Vec<usize>,
}

/// How much of a request was rejected; never more than was sent, whatever the server says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rejected {
    pub(super) points: u64,
    /// Lines of data points and of metadata.
    pub(super) lines: u64,
}

impl Answer {
    /// Reads as far as possible, since an answer that is long, slow or broken off still counts
    /// lines; `None` if this is not a JSON object.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut answer = Self::default();
        let mut json = serde_json::Deserializer::from_slice(body);
        let is_whole = json.deserialize_map(Fields(&mut answer)).is_ok();
        (is_whole || answer != Self::default()).then_some(answer)
    }

    /// What was rejected, if the answer counts it.
    pub(super) fn rejected(&self, sent: &Body) -> Option<Rejected> {
        let (points, all) = (sent.points, sent.all_lines());
        let lines = match (self.ok, self.invalid) {
            // This server does not count metadata: the two add up to the data points alone.
            (Some(ok), Some(invalid)) if ok.checked_add(invalid) == Some(points) => invalid,
            (Some(ok), Some(0) | None) if ok >= points => 0,
            (Some(ok), _) => all - ok.min(all),
            (None, Some(invalid)) => invalid.min(all),
            (None, None) => return None,
        };
        let mut numbers = self.line_numbers.clone();
        numbers.sort_unstable();
        let metadata = sent
            .metadata_numbers()
            .filter(|number| numbers.binary_search(number).is_ok())
            .count();
        let metadata = u64::try_from(metadata).unwrap_or(u64::MAX).min(lines);
        Some(Rejected {
            points: (lines - metadata).min(points),
            lines,
        })
    }

    /// The first rejected lines with their text in `sent` and the reasons.
    pub(super) fn rejected_lines(&self, sent: &str) -> String {
        let named = self.named_lines.iter().map(|(number, reason)| {
            let reason = shorten(reason);
            let line = number
                .and_then(|number| number.checked_sub(1))
                .and_then(|index| sent.split('\n').nth(index));
            match line {
                Some(line) => format!("`{}`: {reason}", shorten(line)),
                None => reason,
            }
        });
        named.collect::<Vec<_>>().join("; ")
    }
}

/// Deserializes whatever `V` visits.
struct Any<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Any<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<V::Value, D::Error> {
        json.deserialize_any(self.0)
    }
}

struct Fields<'a>(&'a mut Answer);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "linesOk" | "linesValid" => self.0.ok = map.next_value::<Value>()?.as_u64(),
                "linesInvalid" => self.0.invalid = map.next_value::<Value>()?.as_u64(),
                "error" => map.next_value_seed(Any(ErrorField(self.0)))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct ErrorField<'a>(&'a mut Answer);

impl<'de> Visitor<'de> for ErrorField<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a text or an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    /// Dynatrace sends an object, but servers that stand in its place send a text.
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
                "invalidLines" => map.next_value_seed(Any(InvalidLines(self.0)))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct InvalidLines<'a>(&'a mut Answer);

impl<'de> Visitor<'de> for InvalidLines<'_> {
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
            if self.0.named_lines.len() < NAMED_LINES {
                let reason = line["error"].as_str().unwrap_or("no reason given");
                self.0.named_lines.push((number, reason.into()));
            }
            self.0.line_numbers.extend(number);
        }
        Ok(())
    }
}

/// How many data points of an accepted OTLP request were rejected, and why.
#[cfg(feature = "otlp")]
pub(super) fn rejected_points(body: &[u8]) -> Option<(u64, String)> {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
    use prost::Message as _;

    let partial = ExportMetricsServiceResponse::decode(body)
        .ok()?
        .partial_success?;
    let points = u64::try_from(partial.rejected_data_points).ok()?;
    (points > 0).then_some((points, partial.error_message))
}

/// The readable characters of a body: a protobuf status is a text with a few bytes around it.
#[cfg(feature = "otlp")]
pub(super) fn printable(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .chars()
        .filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER)
        .collect()
}

#[cfg(test)]
mod tests;
