//! The body of an answer. Written by a server: nothing in it is taken on trust.

use serde_json::Value;

/// How many refused lines are named.
const NAMED_LINES: usize = 3;

/// How much of a text from elsewhere is shown.
const SHOWN_CHARS: usize = 200;

/// What an ingest endpoint says, where it says it (Dynatrace documentation, "POST ingest data
/// points"; the OneAgent says `linesValid` for `linesOk`).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    ok: Option<u64>,
    invalid: Option<u64>,
    pub(super) message: Option<String>,
    /// Line numbers from 1, and the reason.
    refused: Vec<(Option<usize>, String)>,
}

impl Answer {
    /// `None` if this is no JSON object.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let object = value.as_object()?;
        let error = &value["error"];
        let refused = error["invalidLines"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Some(Self {
            ok: object
                .get("linesOk")
                .or_else(|| object.get("linesValid"))
                .and_then(Value::as_u64),
            invalid: object.get("linesInvalid").and_then(Value::as_u64),
            message: error["message"].as_str().map(Into::into),
            refused: refused
                .iter()
                .take(NAMED_LINES)
                .map(|line| {
                    let number = line["line"]
                        .as_u64()
                        .and_then(|line| usize::try_from(line).ok());
                    (
                        number,
                        line["error"].as_str().unwrap_or("no reason given").into(),
                    )
                })
                .collect(),
        })
    }

    /// How many of the lines were accepted and how many refused, if the answer says so. The two
    /// always add up to `lines`, whatever the server says.
    pub(super) fn counts(&self, lines: u64) -> Option<(u64, u64)> {
        let ok = match (self.ok, self.invalid) {
            (Some(ok), _) => ok.min(lines),
            (None, Some(invalid)) => lines - invalid.min(lines),
            (None, None) => return None,
        };
        Some((ok, lines - ok))
    }

    /// The first refused lines with their text and the reason.
    pub(super) fn refused_lines(&self, body: &str) -> String {
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

/// The beginning of a text from elsewhere, on one line.
pub(super) fn shorten(text: &str) -> String {
    let mut chars = text.trim().chars();
    let mut short: String = chars
        .by_ref()
        .take(SHOWN_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
