//! Lines that describe a metric.

use super::class::{self, SEPARATOR};
use super::dimension_value::{PLAIN, is_allowed_in_text, is_empty, unquoted};
use super::limits::{MAX_DESCRIPTION_LENGTH, MAX_DISPLAY_NAME_LENGTH, MAX_LINE_LENGTH};
use super::metric_key::MetricKey;
use super::unit::check_unit;

/// The type of a metric in its metadata line.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MetricType {
    /// The metric's lines are counts.
    Count,
    /// The metric's lines are gauges or summaries.
    Gauge,
}

impl MetricType {
    /// Returns the text of the type in a metadata line: `count` or `gauge`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Gauge => "gauge",
        }
    }
}

/// Appends one metadata line to `out`, without a line end, and returns `true`. Returns `false`, and appends
/// nothing, if the line would have no property. An empty text and a unit that [`check_unit`] rejects are left
/// out.
///
/// A text with special characters is put in quotes. A line end in a text becomes `\n`; other control,
/// private-use and unassigned characters and line and paragraph separators are left out. A text is
/// cut off after 65,535 characters, and a display name after 300 characters. A description is cut off earlier
/// if the line would become too long.
///
/// ```
/// use dt_metrics::line::{MetricKey, MetricType, write_metadata};
///
/// let key = MetricKey::new("orders").unwrap();
/// let mut out = String::new();
/// assert!(write_metadata(&mut out, &key, MetricType::Count, "1", "Orders placed", ""));
/// assert_eq!(out, r#"#orders count dt.meta.unit=1,dt.meta.description="Orders placed""#);
/// ```
pub fn write_metadata(
    out: &mut String,
    key: &MetricKey,
    metric_type: MetricType,
    unit: &str,
    description: &str,
    display_name: &str,
) -> bool {
    let start = out.len();
    out.push('#');
    out.push_str(key.as_str());
    out.push(' ');
    out.push_str(metric_type.as_str());
    let head = out.len();

    if check_unit(unit).is_ok() {
        out.push_str(" dt.meta.unit=");
        out.push_str(unit);
    }
    let mut property = |name, text, longest| {
        let before = out.len();
        out.push(if before == head { ' ' } else { ',' });
        out.push_str(name);
        let limit = Limit {
            text: longest,
            written: (start + MAX_LINE_LENGTH).saturating_sub(out.len()),
        };
        if !push_text(out, text, limit) {
            out.truncate(before);
        }
    };
    property(
        "dt.meta.displayName=",
        display_name,
        MAX_DISPLAY_NAME_LENGTH,
    );
    // Last, since only a description can be too long for the line: it gets the room that is left.
    property("dt.meta.description=", description, MAX_DESCRIPTION_LENGTH);

    let said = out.len() > head;
    if !said {
        out.truncate(start);
    }
    said
}

/// How long a text may be, in UTF-16 units.
#[derive(Clone, Copy)]
struct Limit {
    /// Characters that are read. The reference client limits this number, not the written
    /// characters.
    text: usize,
    /// Characters that are written, quotes and escapes included.
    written: usize,
}

/// Appends `text` as the value of a property; `false` if nothing of it can be sent.
fn push_text(out: &mut String, text: &str, limit: Limit) -> bool {
    if is_empty(text) {
        return false;
    }
    let inner = unquoted(text);
    match (inner, Rewrite::of(inner.unwrap_or(text), limit)) {
        (Some(_), Rewrite::None | Rewrite::Quotes) | (None, Rewrite::None) => {
            out.push_str(text);
            true
        }
        (None, Rewrite::Quotes) => {
            out.push('"');
            out.push_str(text);
            out.push('"');
            true
        }
        // Quotes around a text count only now that it is rewritten, and only the first quote.
        (Some(inner), Rewrite::Characters) => push_rewritten(out, inner, 1, limit),
        (None, Rewrite::Characters) => push_rewritten(out, text, 0, limit),
    }
}

/// The changes that are necessary to send a text.
enum Rewrite {
    None,
    /// It has to stand in quotes.
    Quotes,
    /// Characters have to be escaped or left out, or its end to be cut off.
    Characters,
}

impl Rewrite {
    /// The changes that `text`, without the quotes around it, needs.
    fn of(text: &str, limit: Limit) -> Self {
        let longest = limit.text.min(limit.written.saturating_sub(2));
        if text.len() <= longest && class::all(text.as_bytes(), PLAIN) {
            return Self::None;
        }
        let mut length = 0;
        let mut quotes = false;
        for c in text.chars() {
            length += c.len_utf16();
            if matches!(c, '"' | '\\') || !is_allowed_in_text(c) || length > longest {
                return Self::Characters;
            }
            quotes |= class::is_char(c, SEPARATOR);
        }
        if quotes { Self::Quotes } else { Self::None }
    }
}

/// Appends `text` in quotes; `false`, and nothing appended, if nothing of it can be sent. `read`
/// is how much of it was read already.
fn push_rewritten(out: &mut String, text: &str, mut read: usize, limit: Limit) -> bool {
    let start = out.len();
    let mut written = 2;
    out.push('"');
    for c in text.chars() {
        let escaped = match c {
            '\n' => Some('n'),
            '"' | '\\' => Some(c),
            _ => None,
        };
        if escaped.is_some() || is_allowed_in_text(c) {
            let width = c.len_utf16() + usize::from(escaped.is_some());
            written += width;
            if read + width > limit.text || written > limit.written {
                break;
            }
            if escaped.is_some() {
                out.push('\\');
            }
            out.push(escaped.unwrap_or(c));
        }
        read += c.len_utf16();
    }
    if out.len() == start + 1 {
        out.truncate(start);
        return false;
    }
    out.push('"');
    true
}
