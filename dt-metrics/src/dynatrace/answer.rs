//! The body of an answer. Written by a server: nothing in it is taken on trust.

mod parse;

use super::body::Body;

/// How much of a text from elsewhere is shown.
const SHOWN_CHARS: usize = 200;

/// What an ingest endpoint says, where it says it (Dynatrace documentation, "POST ingest data
/// points"; the OneAgent says `linesValid` for `linesOk`).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    ok: Option<u64>,
    invalid: Option<u64>,
    pub(super) message: Option<String>,
    /// The numbers from 1 of the first refused lines, and the reasons.
    refused: Vec<(Option<usize>, String)>,
    /// The numbers of all refused lines that are listed.
    refused_numbers: Vec<usize>,
}

/// What became of the data points of a request. The first two always add up to what was sent,
/// whatever the server says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) ok: u64,
    pub(super) invalid: u64,
    /// Refused lines of any kind, metadata included.
    pub(super) refused: u64,
}

impl Answer {
    /// What became of the lines, if the answer says so.
    pub(super) fn counts(&self, body: &Body) -> Option<Counts> {
        let (data, all) = (body.lines, body.all_lines());
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
