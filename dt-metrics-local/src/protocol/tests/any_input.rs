//! Tests with generated input.

use proptest::prelude::*;

use super::read;
use crate::protocol::Record;

/// Pieces that reach deep into the grammar, so that noise meets every state of the reader.
fn almost_a_line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("met"),
        Just("a.b"),
        Just("#"),
        Just(","),
        Just("="),
        Just(" "),
        Just("\\"),
        Just("\""),
        Just("d"),
        Just("gauge,"),
        Just("count,"),
        Just("delta="),
        Just("min="),
        Just("max="),
        Just("sum="),
        Just("count="),
        Just("1"),
        Just("-1.5e3"),
        Just("1700000000000"),
        Just("dt.meta.unit="),
        Just("dt.meta.description="),
        Just("日"),
        Just("😀"),
        Just("\n"),
        Just("\t"),
        Just("\u{a0}"),
        Just("\u{2000}"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    match read(text) {
        Ok(Record::Line(line)) => {
            prop_assert_eq!(line.to_string(), text);
            prop_assert!(
                line.dimensions
                    .iter()
                    .all(|(k, v)| !k.is_empty() && !v.is_empty())
            );
        }
        Ok(Record::Metadata(metadata)) => prop_assert_eq!(metadata.to_string(), text),
        Err(error) => {
            prop_assert!(text.is_char_boundary(error.offset()));
            prop_assert_eq!(error.column(), text[..error.offset()].chars().count() + 1);
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
    Ok(())
}

/// Escapes every special character, as any writer may.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        if matches!(c, ',' | '=' | ' ' | '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

proptest! {
    #[test]
    fn noise_is_judged_without_panic(text in any::<String>()) {
        holds(&text)?;
    }

    #[test]
    fn near_lines_are_judged_without_panic(text in almost_a_line()) {
        holds(&text)?;
    }

    #[test]
    fn a_value_survives_both_ways_of_writing_it(value in "[ -~äö日😀]{1,60}") {
        for text in [escaped(&value), quoted(&value)] {
            let line = super::line(&format!("met,d={text} gauge,1"));
            prop_assert_eq!(line.dimension("d"), Some(value.as_str()));
        }
    }
}
