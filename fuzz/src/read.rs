//! What the strict reader accepts, printed and read again.

use std::fmt::Write;

use crate::protocol::{Line, Metadata, Payload, Reader, Record, limits};

use crate::text::units;

/// Reads a text and, if it is accepted, reads what it says once more.
///
/// # Panics
///
/// The second time it says something else, or an error is not about the text.
pub fn check(text: &str) {
    let reader = Reader::without_clock();
    match reader.read(text) {
        Ok(Record::Line(line)) => {
            assert!(!text.contains(['\n', '\r']));
            let printed = print(&line);
            let Ok(Record::Line(again)) = reader.read(&printed) else {
                panic!("{text:?} was accepted, {printed:?} was not");
            };
            assert_eq!(again.key, line.key);
            assert_eq!(again.dimensions, line.dimensions);
            assert_eq!(again.payload, line.payload);
            assert_eq!(again.timestamp_ms, line.timestamp_ms);
        }
        Ok(Record::Metadata(metadata)) => {
            assert!(!text.contains(['\n', '\r']));
            let printed = print_metadata(&metadata);
            let Ok(Record::Metadata(again)) = reader.read(&printed) else {
                panic!("{text:?} was accepted, {printed:?} was not");
            };
            assert_eq!(again.key, metadata.key);
            assert_eq!(again.metric_type, metadata.metric_type);
            assert_eq!(again.unit, metadata.unit);
            assert_eq!(again.description, metadata.description);
            assert_eq!(again.display_name, metadata.display_name);
        }
        Err(error) => {
            let before = text.get(..error.offset()).expect("a boundary");
            assert_eq!(error.column(), before.chars().count() + 1);
            assert!(!error.to_string().contains('\n'));
        }
    }
}

fn print(line: &Line) -> String {
    let mut out = line.key.clone();
    for (key, value) in &line.dimensions {
        let bare = bare(value);
        // One of the two ways of writing it is the way it was written.
        let fits = units(&bare) <= limits::DIMENSION_VALUE;
        let value = if fits { bare } else { quoted(value) };
        write!(out, ",{key}={value}").expect("memory");
    }
    match line.payload {
        Payload::Count { delta } => write!(out, " count,delta={delta:e}"),
        Payload::Gauge { value } => write!(out, " gauge,{value:e}"),
        Payload::Summary {
            min,
            max,
            sum,
            count,
        } => write!(
            out,
            " gauge,min={min:e},max={max:e},sum={sum:e},count={count}"
        ),
    }
    .expect("memory");
    if let Some(time) = line.timestamp_ms {
        write!(out, " {time}").expect("memory");
    }
    out
}

fn print_metadata(metadata: &Metadata) -> String {
    let properties = [
        ("dt.meta.displayName", &metadata.display_name),
        ("dt.meta.description", &metadata.description),
        ("dt.meta.unit", &metadata.unit),
    ];
    let properties: Vec<_> = properties
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", quoted(value.as_deref()?))))
        .collect();
    let (key, metric_type) = (&metadata.key, metadata.metric_type);
    format!("#{key} {metric_type} {}", properties.join(","))
}

fn bare(value: &str) -> String {
    escaped(value, &[',', '=', ' ', '"', '\\'])
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", escaped(value, &['"', '\\', '\n']))
}

fn escaped(value: &str, special: &[char]) -> String {
    let mut out = String::new();
    for c in value.chars() {
        if special.contains(&c) {
            out.push('\\');
        }
        out.push(if c == '\n' { 'n' } else { c });
    }
    out
}
