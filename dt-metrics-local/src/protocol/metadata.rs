//! Reads metadata lines.

use super::error::{ErrorKind, LineError, Part};
use super::record::{Metadata, MetricType};
use super::scanner::Scanner;
use super::{key, limits, value};

/// Reads a metadata line from behind its `#`.
pub(super) fn read(scanner: &mut Scanner<'_>, text: &str) -> Result<Metadata, LineError> {
    let key = key::metric(scanner)?;
    scanner.separator(Part::MetricType)?;
    let metric_type = metric_type(scanner)?;
    scanner.separator(Part::Property)?;
    let mut metadata = Metadata {
        text: text.to_owned(),
        key,
        metric_type,
        unit: None,
        description: None,
        display_name: None,
    };
    loop {
        property(scanner, &mut metadata)?;
        if scanner.is_at_end() {
            return Ok(metadata);
        }
        scanner.expect(",", "comma")?;
        // The documentation has both forms.
        if scanner.peek() == Some(' ') {
            scanner.separator(Part::Property)?;
        }
    }
}

fn metric_type(scanner: &mut Scanner<'_>) -> Result<MetricType, LineError> {
    let start = scanner.offset();
    match scanner.take_until(char::is_whitespace) {
        "gauge" => Ok(MetricType::Gauge),
        "count" => Ok(MetricType::Count),
        _ => Err(scanner.error_at(start, ErrorKind::Expected("\"gauge\" or \"count\""))),
    }
}

fn property(scanner: &mut Scanner<'_>, metadata: &mut Metadata) -> Result<(), LineError> {
    let start = scanner.offset();
    let name = scanner.take_until(|c| matches!(c, '=' | ',' | ' '));
    let (part, limit, field) = match name {
        "" => return Err(scanner.error(ErrorKind::Missing(Part::Property))),
        "dt.meta.unit" => (Part::Unit, limits::UNIT, &mut metadata.unit),
        "dt.meta.description" => (
            Part::Description,
            limits::DESCRIPTION,
            &mut metadata.description,
        ),
        "dt.meta.displayName" | "dt.meta.displayname" => (
            Part::DisplayName,
            limits::DISPLAY_NAME,
            &mut metadata.display_name,
        ),
        _ => return Err(scanner.error_at(start, ErrorKind::UnknownProperty)),
    };
    if field.is_some() {
        return Err(scanner.error_at(start, ErrorKind::DuplicateProperty));
    }
    scanner.expect("=", "\"=\"")?;
    let start = scanner.offset();
    let value = value::property(scanner, part, limit)?;
    if part == Part::Unit
        && let Some(found) = value.chars().find(|c| !is_unit(*c))
    {
        // Escapes only precede characters that a unit may not contain either.
        let offset = scanner.since(start).find(found).unwrap_or_default();
        return Err(scanner.error_at(start + offset, ErrorKind::Character { part, found }));
    }
    *field = Some(value);
    Ok(())
}

/// Whether a unit may contain this character.
pub(crate) fn is_unit(found: char) -> bool {
    found.is_ascii_alphanumeric() || matches!(found, '%' | '[' | ']' | '{' | '}' | '/' | '_')
}
