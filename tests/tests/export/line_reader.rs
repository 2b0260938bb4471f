//! A reader of lines for tests: strict about structure, written without a look at the writer.

use std::collections::BTreeMap;

/// A line, taken apart.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) key: String,
    /// Values as they are on the line, with quotes and escapes.
    pub(crate) dimensions: BTreeMap<String, String>,
    /// The payload's type: `count` or `gauge`.
    pub(crate) kind: String,
    /// The numbers of the payload; a lone value has the name "".
    pub(crate) numbers: BTreeMap<String, f64>,
    pub(crate) timestamp: Option<i64>,
}

/// Reads a line of data.
pub(crate) fn read(line: &str) -> Result<Line, String> {
    let (head, rest) = split_at_bare(line, ' ').ok_or("no payload")?;
    let mut parts = split_all_bare(head)?.into_iter();
    let key = parts.next().ok_or("no key")?.to_owned();
    if key.is_empty() || key.contains(['"', '\\', '=']) {
        return Err(format!("key {key:?}"));
    }
    let dimensions = properties(parts)?;

    let (payload, timestamp) = match rest.split_once(' ') {
        Some((payload, time)) => (
            payload,
            Some(
                time.parse()
                    .map_err(|e| format!("timestamp {time:?}: {e}"))?,
            ),
        ),
        None => (rest, None),
    };
    let (kind, fields) = payload.split_once(',').ok_or("no values")?;
    let mut numbers = BTreeMap::new();
    for field in fields.split(',') {
        let (name, number) = field.split_once('=').unwrap_or(("", field));
        if number.is_empty()
            || !number
                .chars()
                .all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
        {
            return Err(format!("number {number:?}"));
        }
        let number: f64 = number
            .parse()
            .map_err(|e| format!("number {number:?}: {e}"))?;
        if numbers.insert(name.to_owned(), number).is_some() {
            return Err(format!("{name} twice"));
        }
    }
    let names: Vec<&str> = numbers.keys().map(String::as_str).collect();
    match (kind, names.as_slice()) {
        ("count", ["delta"]) | ("gauge", [""] | ["count", "max", "min", "sum"]) => {}
        _ => return Err(format!("payload {payload:?}")),
    }
    Ok(Line {
        key,
        dimensions,
        kind: kind.to_owned(),
        numbers,
        timestamp,
    })
}

/// Reads a line of metadata: the key, the type and the properties.
pub(crate) fn read_metadata(
    line: &str,
) -> Result<(String, String, BTreeMap<String, String>), String> {
    let rest = line.strip_prefix('#').ok_or("no #")?;
    let (key, rest) = rest.split_once(' ').ok_or("no type")?;
    let (kind, rest) = rest.split_once(' ').ok_or("no properties")?;
    let properties = properties(split_all_bare(rest)?.into_iter())?;
    Ok((key.to_owned(), kind.to_owned(), properties))
}

/// The text that a value stands for: without quotes and escapes. An error if the value is not one.
pub(crate) fn unescape(value: &str) -> Result<String, String> {
    let quoted = value.starts_with('"');
    let inner = if quoted {
        let inner = value[1..].strip_suffix('"').filter(|_| value.len() > 2);
        inner.ok_or_else(|| format!("quotes of {value}"))?
    } else {
        value
    };
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(c @ ('"' | '\\')) => text.push(c),
                Some(c @ (',' | '=' | ' ')) if !quoted => text.push(c),
                other => return Err(format!("escape of {other:?} in {value}")),
            },
            '"' => return Err(format!("bare quote in {value}")),
            ',' | '=' | ' ' if !quoted => return Err(format!("bare {c:?} in {value}")),
            c if c.is_control() => return Err(format!("control character in {value:?}")),
            c => text.push(c),
        }
    }
    if text.is_empty() {
        Err("empty value".to_owned())
    } else {
        Ok(text)
    }
}

fn properties<'a>(
    parts: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, String>, String> {
    let mut properties = BTreeMap::new();
    for part in parts {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| format!("no = in {part:?}"))?;
        unescape(value)?;
        if properties
            .insert(key.to_owned(), value.to_owned())
            .is_some()
        {
            return Err(format!("{key} twice"));
        }
    }
    Ok(properties)
}

/// Splits at the first `separator` that is neither escaped nor in quotes.
fn split_at_bare(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => return Some((&text[..i], &text[i + 1..])),
            _ => {}
        }
    }
    None
}

fn split_all_bare(mut text: &str) -> Result<Vec<&str>, String> {
    let mut parts = Vec::new();
    while let Some((part, rest)) = split_at_bare(text, ',') {
        parts.push(part);
        text = rest;
    }
    parts.push(text);
    match parts.iter().position(|part| part.is_empty()) {
        Some(i) => Err(format!("part {i} is empty")),
        None => Ok(parts),
    }
}
