//! Properties of the line of any text and any number.

use dt_metrics::line::limits::{MAX_DIMENSION_VALUE_LENGTH, MAX_DIMENSIONS, MAX_LINE_LENGTH};
use dt_metrics::line::{
    Dimensions, MetricKey, MetricType, Number, Payload, TooManyDimensions, check_description,
    check_dimension_key, check_instrument_name, check_metric_key, check_unit,
    normalize_dimension_key, normalize_dimension_value, write_line, write_metadata,
};
use dt_metrics_local::protocol::{self, Reader, Record};
use proptest::prelude::*;

/// The content of a data line, by the strict reader.
fn read(line: &str) -> Result<protocol::Line, TestCaseError> {
    match Reader::without_clock().read(line) {
        Ok(Record::Line(read)) => Ok(read),
        other => Err(TestCaseError::fail(format!("{line:?}: {other:?}"))),
    }
}

/// The content of a metadata line, by the strict reader.
fn read_metadata(line: &str) -> Result<protocol::Metadata, TestCaseError> {
    match Reader::without_clock().read(line) {
        Ok(Record::Metadata(read)) => Ok(read),
        other => Err(TestCaseError::fail(format!("{line:?}: {other:?}"))),
    }
}

/// The value of a dimension, by the strict reader.
fn read_value(sent: &str) -> Result<String, TestCaseError> {
    let line = read(&format!("key,d={sent} gauge,1"))?;
    prop_assert_eq!(line.dimensions.len(), 1);
    let value = line.dimension("d").map(ToOwned::to_owned);
    value.ok_or_else(|| TestCaseError::fail(line.text))
}

/// Keys that the reference client writes and Dynatrace refuses: reserved ones, and short ones.
fn is_refused(key: &MetricKey) -> bool {
    key.as_str().starts_with("dt.") || key.as_str().len() < 3
}

/// Texts of which most have something that a line cannot: special characters of the protocol,
/// of Unicode, and now and then length.
fn text() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        '"', '\\', ',', '=', ' ', '.', '-', '_', ':', '#', '\n', '\r', '\t', '\0', '\u{7f}',
        '\u{85}', '\u{ad}', '\u{2028}', '\u{e000}', '\u{378}', '\u{130}', '\u{212a}', '😀', '日',
    ]);
    let plain = proptest::char::ranges(vec!['a'..='z', 'A'..='Z', '0'..='9'].into());
    let character = prop_oneof![3 => special, 5 => plain, 1 => any::<char>()];
    let short = proptest::collection::vec(character.clone(), 0..12);
    let long = proptest::collection::vec(character, 90..700);
    prop_oneof![30 => short, 1 => long].prop_map(|chars| chars.into_iter().collect())
}

/// Any [`text`], plain or in quotes.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![text(), text().prop_map(|text| format!("\"{text}\""))]
}

/// Texts that are close to keys, so that the checks accept some.
fn near_key() -> impl Strategy<Value = String> {
    let characters = proptest::sample::select("abzAZ019_-:..".chars().collect::<Vec<_>>());
    let short = proptest::collection::vec(characters.clone(), 0..8);
    let long = proptest::collection::vec(characters, 95..260);
    prop_oneof![6 => short, 1 => long].prop_map(|chars| chars.into_iter().collect())
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::I64),
        any::<u64>().prop_map(Number::U64),
        proptest::num::f64::ANY.prop_map(Number::F64),
        any::<i32>().prop_map(|value| Number::F64(value.into())),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "numbers compare as f64")]
fn as_f64(number: Number) -> f64 {
    match number {
        Number::I64(value) => value as f64,
        Number::U64(value) => value as f64,
        Number::F64(value) => value,
    }
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The expected result of reading a value that was not cut: its text without quotes, with `_` for
/// each run that cannot be sent.
fn readable(value: &str) -> String {
    let mut out = String::new();
    let mut replaced = false;
    for c in unquoted(value).chars() {
        let sent = normalize_dimension_value(&format!("x{c}")).is_some_and(|v| v.ends_with(c));
        if sent {
            out.push(c);
        } else if !replaced {
            out.push('_');
        }
        replaced = !sent;
    }
    out
}

/// The expected result of reading a description that was not cut: its text without quotes and
/// without characters that cannot be sent.
fn describable(text: &str) -> String {
    let sent = |c: &char| {
        let mut out = String::new();
        let key = MetricKey::new("k").expect("a key");
        write_metadata(&mut out, &key, MetricType::Gauge, "", &format!("x{c}"), "")
            && out.contains(*c)
    };
    let characters = unquoted(text).chars();
    characters.filter(|c| *c == '\n' || sent(c)).collect()
}

/// A lone `"` is not a quoted text.
fn unquoted(text: &str) -> &str {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(text)
}

/// `read` is the whole of `value`, or its beginning if `sent` is as long as a value may be.
fn is_what_was_put_in(value: &str, sent: &str, read: &str) -> Result<(), TestCaseError> {
    let expected = readable(value);
    if units(sent) < MAX_DIMENSION_VALUE_LENGTH - 2 {
        prop_assert_eq!(read, expected);
    } else {
        prop_assert!(expected.starts_with(read));
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_normalised_metric_key_passes_the_check(key in prop_oneof![text(), near_key()]) {
        let normalised = MetricKey::new(&key);
        if let Some(normalised) = &normalised {
            prop_assert_eq!(check_metric_key(normalised.as_str()), Ok(()));
        } else {
            prop_assert!(key.is_empty() || key.starts_with('.'));
        }
        if check_metric_key(&key).is_ok() {
            prop_assert_eq!(normalised.as_ref().map(MetricKey::as_str), Some(&*key));
        }
        if check_instrument_name(&key).is_ok() {
            prop_assert_eq!(check_metric_key(&key), Ok(()));
        }
    }

    #[test]
    fn a_key_with_a_prefix_is_the_key_of_both(prefix in near_key(), key in text()) {
        let got = MetricKey::with_prefix(&prefix, &key);
        let expected = match (prefix.as_str(), key.as_str()) {
            (_, "") => None,
            ("", key) => MetricKey::new(key),
            (prefix, key) => MetricKey::new(&format!("{prefix}.{key}")),
        };
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_normalised_dimension_key_passes_the_check(key in prop_oneof![text(), near_key()]) {
        let normalised = normalize_dimension_key(&key);
        if let Some(normalised) = &normalised {
            prop_assert_eq!(check_dimension_key(normalised), Ok(()));
        } else {
            prop_assert!(key.chars().all(|c| c == '.'));
        }
        if check_dimension_key(&key).is_ok() {
            prop_assert_eq!(normalised.as_deref(), Some(&*key));
        }
    }

    #[test]
    fn a_value_can_be_read_back(value in value()) {
        let Some(sent) = normalize_dimension_value(&value) else {
            prop_assert!(value.is_empty() || value == "\"\"");
            return Ok(());
        };
        prop_assert!(units(&sent) <= MAX_DIMENSION_VALUE_LENGTH);
        is_what_was_put_in(&value, &sent, &read_value(&sent)?)?;
    }

    #[test]
    fn every_line_is_one_line_that_can_be_read(
        key in text(),
        entries in proptest::collection::vec((text(), value()), 0..60),
        number in number(),
        timestamp in proptest::option::of(any::<i64>()),
    ) {
        let Some(key) = MetricKey::new(&key) else { return Ok(()) };
        let entries: Vec<_> = entries.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let (defaults, measured) = entries.split_at(entries.len() / 2);
        let dimensions = match Dimensions::from_layers(&[defaults, measured]) {
            Ok(dimensions) => dimensions,
            Err(TooManyDimensions(count)) => {
                prop_assert!(count > MAX_DIMENSIONS);
                return Ok(());
            }
        };
        let mut out = String::new();
        if write_line(&mut out, &key, &dimensions, &Payload::Count(number), timestamp).is_err() {
            prop_assert!(!as_f64(number).is_finite());
            prop_assert_eq!(out, "");
            return Ok(());
        }
        prop_assert!(units(&out) <= MAX_LINE_LENGTH);
        prop_assert!(!out.contains(char::is_control));
        if is_refused(&key) {
            return Ok(());
        }
        let line = read(&out)?;
        prop_assert_eq!(&line.key, key.as_str());
        prop_assert_eq!(line.dimensions.len(), dimensions.len());
        prop_assert_eq!(line.delta().map(f64::to_bits), Some((as_f64(number) + 0.0).to_bits()));
        if line.timestamp_ms.is_some() {
            prop_assert_eq!(line.timestamp_ms, timestamp);
        }
        let keys: Vec<_> = entries.iter().map(|(key, _)| normalize_dimension_key(key)).collect();
        for (key, read) in &line.dimensions {
            // If keys are equal, the last entry is sent.
            let last = keys.iter().rposition(|k| k.as_deref() == Some(key)).map(|i| entries[i].1);
            let sent = last.and_then(|value| Some((value, normalize_dimension_value(value)?)));
            let Some((value, sent)) = sent else {
                return Err(TestCaseError::fail(format!("{key} was not put in")));
            };
            is_what_was_put_in(value, &sent, read)?;
        }
    }

    #[test]
    fn a_summary_is_sent_if_and_only_if_it_is_consistent(
        (a, b) in (-1e6..1e6_f64, -1e6..1e6_f64),
        sum in -1e9..1e9_f64,
        count in 0..1000_u32,
    ) {
        let (min, max) = (a.min(b), a.max(b));
        let payload = Payload::Summary { min, max, sum, count: count.into() };
        let key = MetricKey::new("key").expect("a key");
        let mut out = String::new();
        let written = write_line(&mut out, &key, &Dimensions::default(), &payload, None);
        let mean = sum / f64::from(count);
        let consistent = count > 0 && (min - 1e-6..=max + 1e-6).contains(&mean);
        prop_assert_eq!(written.is_ok(), consistent);
        if consistent {
            let expected = protocol::Payload::Summary { min, max, sum, count: count.into() };
            prop_assert_eq!(read(&out)?.payload, expected);
        }
    }

    #[test]
    fn every_metadata_line_is_one_line_that_can_be_read(
        key in near_key(),
        unit in text(),
        description in value(),
        display_name in value(),
    ) {
        let Some(key) = MetricKey::new(&key) else { return Ok(()) };
        let mut out = String::new();
        let said =
            write_metadata(&mut out, &key, MetricType::Gauge, &unit, &description, &display_name);
        prop_assert_eq!(said, !out.is_empty());
        if !said {
            return Ok(());
        }
        prop_assert!(!out.contains(char::is_control));
        prop_assert_eq!(check_description(&out), Ok(()));
        if is_refused(&key) {
            return Ok(());
        }
        let read = read_metadata(&out)?;
        prop_assert_eq!(&read.key, key.as_str());
        prop_assert_eq!(read.metric_type, protocol::MetricType::Gauge);
        prop_assert_eq!(read.unit.as_deref(), Some(&*unit).filter(|unit| check_unit(unit).is_ok()));
        for (read, put_in) in [(read.description, description), (read.display_name, display_name)] {
            let (whole, read) = (describable(&put_in), read.unwrap_or_default());
            prop_assert!(whole.starts_with(&read));
            // Nothing that short is cut, however much of it is escaped.
            prop_assert!(whole == read || units(&put_in) > 100);
        }
    }
}

#[test]
fn special_characters_at_every_position_of_a_long_value() {
    for special in ["\"", "\\", ",", " ", "\n", "😀", "\\\"", "\"\"", "\\\\\\"] {
        for position in 0..=260 {
            for quote in ["", "\""] {
                let (before, after) = ("x".repeat(position), "x".repeat(260 - position));
                let value = format!("{quote}{before}{special}{after}{quote}");
                let sent = normalize_dimension_value(&value).expect("a value");
                assert!(units(&sent) <= MAX_DIMENSION_VALUE_LENGTH);
                let read = read_value(&sent).expect("a value that can be read");
                let expected = format!("{before}{}{after}", special.replace('\n', "_"));
                assert!(expected.starts_with(&read), "{value} became {sent}");
            }
        }
    }
}

#[test]
fn fifty_of_the_longest_dimensions_fit_a_line() {
    let value = format!("{}{}", "日".repeat(5_000), "\\\"".repeat(5_000));
    let keys: Vec<String> = (0..50).map(|i| format!("{}{i}", "k".repeat(98))).collect();
    let entries: Vec<_> = keys
        .iter()
        .map(|key| (key.as_str(), value.as_str()))
        .collect();
    let dimensions = Dimensions::from_layers(&[&entries]).expect("50 dimensions");
    let key = MetricKey::new(&"k".repeat(300)).expect("a key");
    let payload = Payload::Summary {
        min: -1.5e-300,
        max: 1.5e300,
        sum: 1.5e300,
        count: u64::MAX,
    };
    let mut out = String::new();
    write_line(
        &mut out,
        &key,
        &dimensions,
        &payload,
        Some(1_700_000_000_000),
    )
    .expect("a line");
    assert!(out.len() <= MAX_LINE_LENGTH, "{} bytes", out.len());
    assert_eq!(read(&out).expect("a line").dimensions.len(), 50);
}

#[test]
fn a_line_needs_no_memory_where_there_is_room() {
    let key = MetricKey::new("k").expect("a key");
    let dimensions = Dimensions::from_layers(&[&[("a", "b")]]).expect("one dimension");
    let mut out = String::with_capacity(4096);
    let room = out.as_ptr();
    for _ in 0..20 {
        let payload = Payload::Gauge(Number::F64(0.1));
        write_line(
            &mut out,
            &key,
            &dimensions,
            &payload,
            Some(1_700_000_000_000),
        )
        .expect("a line");
    }
    assert_eq!((out.as_ptr(), out.capacity()), (room, 4096));
}
