//! Reads the body of a response. A server wrote it: nothing in it is trusted.

use reqwest::StatusCode;
use serde_json::Value;

use crate::dynatrace::encode::body::Body;

/// How many rejected lines are named in a message.
const NAMED_LINES: usize = 3;

/// The JSON object that an ingest endpoint answers with (Dynatrace documentation, "POST ingest data
/// points"; the OneAgent has `linesValid` in place of `linesOk`).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    ok: Option<u64>,
    invalid: Option<u64>,
    pub(super) message: Option<String>,
    /// Whether there is an error, in whatever form.
    has_error: bool,
    /// The code of the error. Only in a whole answer without any member that the API's do not have:
    /// gateways and other APIs have errors with codes as well.
    error_code: Option<u64>,
    /// The first rejected lines: their numbers from 1, and the reasons.
    named_lines: Vec<(Option<usize>, String)>,
    /// The numbers of all rejected lines that are listed.
    line_numbers: Vec<usize>,
    warnings: Warnings,
}

/// Remarks about lines that were accepted.
#[derive(Debug, Default, PartialEq)]
struct Warnings {
    count: u64,
    message: Option<String>,
    /// The first lines: their numbers from 1, and the warnings.
    named_lines: Vec<(Option<usize>, String)>,
}

impl Warnings {
    /// Reads `{"message": …, "warningLines": [{"line": n, "warning": …}]}`. The list has had more
    /// than one name.
    fn read(json: &Value) -> Self {
        let lists = json.as_object().into_iter().flat_map(|json| json.values());
        let lines = lists.filter_map(Value::as_array).flatten();
        let message = json.as_str().or_else(|| json["message"].as_str());
        let message = message.filter(|message| !message.is_empty());
        let count = u64::try_from(lines.clone().count()).unwrap_or(u64::MAX);
        let named = lines.take(NAMED_LINES).map(|line| {
            let warning = line.as_str().or_else(|| line["warning"].as_str());
            (number(line), warning.unwrap_or("no reason given").into())
        });
        Self {
            count: count.max(u64::from(message.is_some())),
            message: message.map(Into::into),
            named_lines: named.collect(),
        }
    }
}

/// The code of the error in an object with no other members than the ingest API's (Dynatrace
/// documentation, "POST ingest data points").
fn error_code(json: &Value) -> Option<u64> {
    const MEMBERS: [&str; 5] = ["linesOk", "linesValid", "linesInvalid", "error", "warnings"];
    const OF_ERROR: [&str; 4] = ["code", "message", "invalidLines", "constraintViolations"];
    let has_only = |json: &Value, members: &[&str]| {
        let keys = json.as_object().map(|json| json.keys());
        keys.is_some_and(|mut keys| keys.all(|key| members.contains(&key.as_str())))
    };
    let error = &json["error"];
    let is_of_api = has_only(json, &MEMBERS) && has_only(error, &OF_ERROR);
    is_of_api.then(|| error["code"].as_u64())?
}

/// The number of a line in a list.
fn number(line: &Value) -> Option<usize> {
    line["line"]
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
}

/// How much of a request was rejected: never more than was sent, even if the server counts more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rejected {
    pub(super) points: u64,
    /// Lines of data points and of metadata.
    pub(super) lines: u64,
}

impl Answer {
    /// Reads the JSON object; `None` if the body is something else.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            return json.is_object().then(|| Self {
                error_code: error_code(&json),
                ..Self::read(&json)
            });
        }
        // A long or slow answer is cut off, but its beginning still counts lines.
        let json = serde_json::from_slice(&complete(body)).ok()?;
        Some(Self::read(&json)).filter(|answer| *answer != Self::default())
    }

    fn read(json: &Value) -> Self {
        let error = &json["error"];
        let lines = error["invalidLines"].as_array();
        let lines = lines.into_iter().flatten().map(|line| {
            (
                number(line),
                line["error"].as_str().unwrap_or("no reason given"),
            )
        });
        Self {
            ok: json["linesOk"]
                .as_u64()
                .or_else(|| json["linesValid"].as_u64()),
            invalid: json["linesInvalid"].as_u64(),
            // Dynatrace sends an object, but servers that stand in its place send a text.
            message: error
                .as_str()
                .or_else(|| error["message"].as_str())
                .map(Into::into),
            has_error: !error.is_null(),
            error_code: None,
            named_lines: lines
                .clone()
                .take(NAMED_LINES)
                .map(|(number, reason)| (number, reason.into()))
                .collect(),
            line_numbers: lines.filter_map(|(number, _)| number).collect(),
            warnings: Warnings::read(&json["warnings"]),
        }
    }

    /// Whether the ingest API rejects the whole request, for which its errors have the code 400.
    pub(super) fn rejects_all(&self) -> bool {
        self.error_code == Some(400)
    }

    /// Whether it takes the success of its own status back: it counts the lines of another, empty
    /// request, or has an error where nothing but 202 is a success of the ingest API.
    pub(super) fn contradicts(&self, status: StatusCode) -> bool {
        match (self.ok, self.invalid) {
            (None, None) => self.has_error && status != StatusCode::ACCEPTED,
            (ok, invalid) => ok.unwrap_or(0) == 0 && invalid.unwrap_or(0) == 0,
        }
    }

    /// The rejected part, if the answer counts it. An answer that counts no lines at all is not about
    /// this request.
    pub(super) fn rejected(&self, sent: &Body) -> Option<Rejected> {
        let (points, all) = (sent.points, sent.all_lines());
        let lines = match (self.ok, self.invalid) {
            (None | Some(0), None | Some(0)) => return None,
            (None, Some(invalid)) => invalid.min(all),
            (Some(ok), invalid) => {
                // Servers that do not count metadata are recognized by their sum.
                let sum = ok.saturating_add(invalid.unwrap_or(0));
                let counts_points = sum == points || (sum == ok && ok >= points);
                let counted = if counts_points { points } else { all };
                counted.saturating_sub(ok)
            }
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

    /// The first rejected lines with their text in `sent` and the reasons, each as `quote` returns
    /// it.
    pub(super) fn rejected_lines(&self, sent: &str, quote: impl Fn(&str) -> String) -> String {
        named(&self.named_lines, sent, quote)
    }

    /// The number of warnings, never more than lines were sent, and the first warnings with the
    /// text of their lines, each as `quote` returns it. `None` if there are no warnings.
    pub(super) fn warnings(
        &self,
        sent: &Body,
        quote: impl Fn(&str) -> String,
    ) -> Option<(u64, String)> {
        let Warnings {
            count,
            message,
            named_lines,
        } = &self.warnings;
        let count = (*count).min(sent.all_lines());
        let message = message.as_deref().filter(|_| named_lines.is_empty());
        let text = message.map_or_else(|| named(named_lines, sent.text(), &quote), &quote);
        (count > 0).then_some((count, text))
    }
}

/// The named lines with their text in `sent`, each as `quote` returns it.
fn named(lines: &[(Option<usize>, String)], sent: &str, quote: impl Fn(&str) -> String) -> String {
    let named = lines.iter().map(|(number, reason)| {
        let reason = quote(reason);
        let line = number
            .and_then(|number| number.checked_sub(1))
            .and_then(|index| sent.split('\n').nth(index));
        match line {
            Some(line) => format!("`{}`: {reason}", quote(line)),
            None => reason,
        }
    });
    named.collect::<Vec<_>>().join("; ")
}

/// Completes the beginning of a JSON text: removes the member or element that is cut off, and closes
/// the open brackets.
fn complete(json: &[u8]) -> Vec<u8> {
    // The end of the last whole member or element, and the closing brackets that are missing there.
    let (mut end, mut open) = (0, Vec::new());
    let (mut is_in_text, mut is_escaped) = (false, false);
    for (at, &byte) in json.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_in_text,
            b'"' => is_in_text = !is_in_text,
            _ if is_in_text => {}
            b',' => end = at,
            b'{' | b'[' => {
                open.push(if byte == b'{' { b'}' } else { b']' });
                end = at + 1;
            }
            b'}' | b']' => {
                open.pop();
                end = at + 1;
            }
            _ => {}
        }
    }
    let mut complete = json[..end].to_vec();
    complete.extend(open.iter().rev());
    complete
}

/// How many data points of an accepted OTLP request were rejected, and why. Without rejected points,
/// the reason is a warning.
#[cfg(feature = "otlp")]
pub(super) fn partial_success(body: &[u8]) -> Option<(u64, String)> {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
    use prost::Message as _;

    let partial = ExportMetricsServiceResponse::decode(body)
        .ok()?
        .partial_success?;
    let points = u64::try_from(partial.rejected_data_points).ok()?;
    Some((points, partial.error_message))
}

/// The error of an OTLP receiver, `google.rpc.Status`: "OpenTelemetry Protocol Specification",
/// section "Failures".
#[cfg(feature = "otlp")]
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OtlpStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
}

#[cfg(feature = "otlp")]
impl OtlpStatus {
    /// Reads the error in an answer whose content type is protobuf; `None` if there is none.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        use prost::Message as _;

        let status = Self::decode(body).ok()?;
        (status != Self::default()).then_some(status)
    }
}

#[cfg(test)]
mod tests;
