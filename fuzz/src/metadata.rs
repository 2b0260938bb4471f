//! Lines that describe a metric.

use crate::line::limits::{MAX_DISPLAY_NAME_LENGTH, MAX_LINE_LENGTH};
use crate::line::{MetricKey, MetricType, check_unit, write_metadata};
use crate::protocol::{self, ErrorKind, Reader, Record};
use arbitrary::Arbitrary;

use crate::text::{self, Text};

/// A description before it is normalised.
#[derive(Debug, Arbitrary)]
pub struct Input<'a> {
    key: &'a str,
    is_count: bool,
    unit: &'a str,
    description: Text<'a>,
    display_name: Text<'a>,
}

/// Writes the line and reads it back.
///
/// # Panics
///
/// What is read is not what was put in.
pub fn check(input: &Input<'_>) {
    let Some(key) = MetricKey::new(input.key) else {
        return;
    };
    let metric_type = if input.is_count {
        MetricType::Count
    } else {
        MetricType::Gauge
    };
    let (description, name) = (input.description.get(60_000), input.display_name.get(500));
    let mut out = String::from("before");
    let said = write_metadata(&mut out, &key, metric_type, input.unit, &description, &name);
    let line = out.strip_prefix("before").expect("only appended to");
    assert_eq!(said, !line.is_empty());
    if !said {
        assert!(check_unit(input.unit).is_err());
        assert_eq!(text::property(&name), "");
        assert_eq!(text::property(&description), "");
        return;
    }
    assert!(!line.contains(|c: char| c.is_control()));

    let read = match Reader::without_clock().read(line) {
        Ok(Record::Metadata(read)) => read,
        Err(error) if *error.kind() == ErrorKind::ReservedKey => {
            return assert!(key.as_str().starts_with("dt."));
        }
        Err(error) if matches!(error.kind(), ErrorKind::TooShort { .. }) => {
            // The reference client writes such a key, and Dynatrace refuses it.
            return assert!(key.as_str().len() < 3);
        }
        other => panic!("{line:?} was read as {other:?}"),
    };
    assert_eq!(read.key, key.as_str());
    let read_as_count = read.metric_type == protocol::MetricType::Count;
    assert_eq!(read_as_count, input.is_count);
    let unit = Some(input.unit).filter(|unit| check_unit(unit).is_ok());
    assert_eq!(read.unit.as_deref(), unit);
    let name_room = MAX_DISPLAY_NAME_LENGTH;
    check_property(read.display_name.as_deref(), &name, name_room);
    // What the rest of the line takes, and quotes.
    let rest = text::units(line) - read.description.as_deref().map_or(0, written);
    check_property(
        read.description.as_deref(),
        &description,
        MAX_LINE_LENGTH - rest,
    );
}

/// Length of a text with its escapes and quotes.
fn written(text: &str) -> usize {
    text::units(text) + text.matches(['\n', '"', '\\']).count() + 2
}

fn check_property(read: Option<&str>, put_in: &str, room: usize) {
    let whole = text::property(put_in);
    let read = read.unwrap_or_default();
    assert!(whole.starts_with(read), "{put_in:?} was read as {read:?}");
    // The limit counts what is read, dropped characters, quotes and escapes included.
    let nearly_full = text::units(put_in) + written(put_in) - text::units(put_in) + 4 > room;
    assert!(
        whole == read || nearly_full,
        "{put_in:?} was cut to {read:?}"
    );
}
