//! Reading an answer as far as it goes: one that is long, slow or broken off still says something.

use std::fmt;

use serde_core::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use super::Answer;

/// How many refused lines are named.
const NAMED_LINES: usize = 3;

impl Answer {
    /// What can be made out; `None` if this is no JSON object.
    pub(in super::super) fn parse(body: &[u8]) -> Option<Self> {
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
