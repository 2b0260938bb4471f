//! The texts that the program prints.

use std::fmt::{self, Write};

use dt_metrics_local::store::Totals;
use dt_metrics_local::{DEFAULT_PORT, Fault, Request, Server};

/// The address of the server, and how to configure a program to use it.
pub(super) fn greeting(server: &Server, requires_token: bool) -> String {
    let url = server.url();
    let mut text = format!(
        "Listening on {}\n\nWatch in a browser: {}\n\nConfigure a program to send here:\n",
        server.address(),
        server.page_url()
    );
    // Writing to a `String` never fails.
    let _ = writeln!(text, "  in code       .endpoint(\"{url}\")");
    let _ = writeln!(text, "  from outside  DT_METRICS_INGEST_URL={url}");
    if requires_token {
        text.push_str("                DT_METRICS_INGEST_API_TOKEN=<the token from --token>\n");
    } else if server.address().port() == DEFAULT_PORT {
        text.push_str("  or not at all: without configuration, programs send to this port, as to a OneAgent\n");
    }
    #[cfg(feature = "otlp")]
    {
        // A Collector requires no token.
        let collector = server.collector_url();
        let _ = writeln!(
            text,
            "  over OTLP     OTEL_EXPORTER_OTLP_ENDPOINT={collector}"
        );
    }
    text.push_str(
        "\nBy default, programs push once per minute; set OTEL_METRIC_EXPORT_INTERVAL=1000 to push every second.\n",
    );
    text.push_str("\nCtrl-C ends.\n");
    text
}

/// The faults on demand, with the seed that repeats them.
pub(super) fn faults(faults: &[(u32, Fault)], seed: u64) -> String {
    if faults.is_empty() {
        return String::new();
    }
    let names: Vec<_> = faults
        .iter()
        .map(|(weight, fault)| match fault {
            Fault::Answer(answer) => format!("{}:{weight}", answer.status()),
            fault => format!("{}:{weight}", fault.name()),
        })
        .collect();
    format!("Faults on demand: {}; --seed {seed}\n", names.join(", "))
}

/// The status of a request, and the fault it met.
pub(super) fn request(request: &Request) -> String {
    let mut text = match request.status {
        0 => "no answer".to_owned(),
        status => format!("answered  {status}"),
    };
    // Writing to a `String` never fails.
    if !request.path.is_empty() {
        let _ = write!(text, " to {}", request.path);
    }
    if let Some(fault) = request.fault {
        let _ = write!(text, " ({fault} on demand)");
    }
    if let Some(message) = &request.message {
        let _ = write!(text, ": {message}");
    }
    text
}

/// The totals in one sentence.
pub(super) fn summary(totals: Totals) -> String {
    let mut text = format!(
        "{} in {}: {}, {}, {} refused",
        bytes(totals.bytes),
        plural(totals.requests, "request"),
        plural(totals.lines, "line"),
        plural(totals.metadata, "metadata line"),
        totals.rejected,
    );
    let not_accepted = totals.requests - totals.requests_accepted;
    if not_accepted > 0 {
        let _ = write!(
            text,
            "; {} not accepted as a whole",
            plural(not_accepted, "request")
        );
    }
    if totals.lines_without_series > 0 {
        let _ = write!(
            text,
            "; too many series, {} not shown",
            plural(totals.lines_without_series, "line")
        );
    }
    text
}

fn plural(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

fn bytes(bytes: u64) -> String {
    // Only one decimal is printed.
    #[allow(clippy::cast_precision_loss)]
    let scaled = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", scaled / 1e3),
        _ => format!("{:.1} MB", scaled / 1e6),
    }
}

/// The beginning of a text, with at most `limit` characters, as a terminal can show it.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return Printable(text).to_string();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", Printable(&kept))
}

/// Text that a terminal shows as it is: a character that could move the cursor, turn the direction
/// of text or be invisible is written as its code, `\u{202e}` for example.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| {
            if is_shown(c) {
                f.write_char(c)
            } else {
                write!(f, "{}", c.escape_default())
            }
        })
    }
}

/// JSON with an escape in place of each character that a terminal does not show. The meaning does
/// not change: outside of its strings, JSON has no such characters.
#[cfg(feature = "dashboard")]
pub(super) fn json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_shown(c) {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` never fails.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Whether a character has a visible form in Unicode. Line breaks within a text are the caller's.
fn is_shown(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ if c.is_ascii() => false,
        // Rust escapes control, format, private-use and unassigned characters, and all spaces but
        // the usual one, in `Debug`. A character that extends the one before it, an accent for
        // example, is only escaped at the beginning.
        _ => ['x', c]
            .iter()
            .collect::<String>()
            .escape_debug()
            .nth(2)
            .is_none(),
    }
}
