//! Metadata lines.

use super::scanner::Cursor;
use super::{ErrorKind, LineError, Metadata, MetricType, Part, key, limits, value};

/// Reads a metadata line; its `#` is behind the cursor.
pub(super) fn read(cursor: &mut Cursor<'_>, text: &str) -> Result<Metadata, LineError> {
    let key = key::metric(cursor, &[' '])?;
    cursor.expect(" ", "space")?;
    let metric_type = metric_type(cursor)?;
    cursor.expect(" ", "space")?;
    let mut metadata = Metadata {
        text: text.to_owned(),
        key,
        metric_type,
        unit: None,
        description: None,
        display_name: None,
    };
    loop {
        property(cursor, &mut metadata)?;
        if cursor.is_at_end() {
            return Ok(metadata);
        }
        cursor.expect(",", "comma")?;
    }
}

fn metric_type(cursor: &mut Cursor<'_>) -> Result<MetricType, LineError> {
    let start = cursor.offset();
    match cursor.take_until(&[' ']) {
        "gauge" => Ok(MetricType::Gauge),
        "count" => Ok(MetricType::Count),
        _ => Err(cursor.error_at(start, ErrorKind::Expected("\"gauge\" or \"count\""))),
    }
}

fn property(cursor: &mut Cursor<'_>, metadata: &mut Metadata) -> Result<(), LineError> {
    let start = cursor.offset();
    let name = cursor.take_until(&['=', ',', ' ']);
    let (part, limit, place) = match name {
        "" => return Err(cursor.error(ErrorKind::Missing(Part::Property))),
        "dt.meta.unit" => (Part::Unit, limits::UNIT, &mut metadata.unit),
        "dt.meta.description" => (
            Part::Description,
            limits::DESCRIPTION,
            &mut metadata.description,
        ),
        "dt.meta.displayName" => (
            Part::DisplayName,
            limits::DISPLAY_NAME,
            &mut metadata.display_name,
        ),
        _ => return Err(cursor.error_at(start, ErrorKind::UnknownProperty)),
    };
    if place.is_some() {
        return Err(cursor.error_at(start, ErrorKind::DuplicateProperty));
    }
    cursor.expect("=", "\"=\"")?;
    let start = cursor.offset();
    let value = value::property(cursor, part, limit)?;
    if part == Part::Unit
        && let Some(found) = value.chars().find(|c| !is_unit(*c))
    {
        return Err(cursor.error_at(start, ErrorKind::Character { part, found }));
    }
    *place = Some(value);
    Ok(())
}

/// A character that a unit may contain.
pub(crate) fn is_unit(found: char) -> bool {
    found.is_ascii_alphanumeric() || matches!(found, '%' | '[' | ']' | '{' | '}' | '/' | '_')
}
