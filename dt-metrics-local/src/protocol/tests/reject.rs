//! Tests of lines that the reader refuses, with the reason and its position.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use super::{Reader, refused, repeated};
use crate::protocol::{ErrorKind as E, Line, Metadata, Part};

/// A text, its error, and the character (from 1) of the error.
fn check(cases: &[(&str, E, usize)]) {
    for (text, kind, column) in cases {
        let error = refused(text);
        assert_eq!((error.kind(), error.column()), (kind, *column), "{text:?}");
    }
}

#[test]
fn metric_keys() {
    let key = Part::MetricKey;
    let character = |found| E::Character { part: key, found };
    let start = |found| E::SectionStart { part: key, found };
    check(&[
        ("", E::Missing(Part::Line), 1),
        (" gauge,1", E::Missing(key), 1),
        (",d=v gauge,1", E::Missing(key), 1),
        ("1m gauge,1", start('1'), 1),
        ("-m gauge,1", start('-'), 1),
        ("a.-b gauge,1", start('-'), 3),
        (".m gauge,1", E::EmptySection(key), 1),
        ("m. gauge,1", E::EmptySection(key), 3),
        ("a..b gauge,1", E::EmptySection(key), 3),
        ("a/b gauge,1", character('/'), 2),
        ("ä gauge,1", character('ä'), 1),
        ("aä gauge,1", character('ä'), 2),
        ("a\u{7}b gauge,1", character('\u{7}'), 2),
        ("m=1 gauge,1", character('='), 2),
        ("\"m\" gauge,1", character('"'), 1),
        ("dt.m gauge,1", E::ReservedKey, 1),
        ("#dt.m gauge dt.meta.unit=s", E::ReservedKey, 2),
    ]);
    let length = |limit, length| E::TooShort {
        part: key,
        length,
        limit,
    };
    check(&[
        ("a gauge,1", length(3, 1), 1),
        ("ab,d=v gauge,1", length(3, 2), 1),
        ("a. gauge,1", E::EmptySection(key), 3),
        ("#ab gauge dt.meta.unit=s", length(3, 2), 2),
    ]);
    let error = refused(&format!("{} gauge,1", repeated(256)));
    assert_eq!(
        error.kind(),
        &E::TooLong {
            part: key,
            length: 256,
            limit: 255
        }
    );
}

#[test]
fn dimension_keys() {
    let key = Part::DimensionKey;
    let character = |found| E::Character { part: key, found };
    let start = |found| E::SectionStart { part: key, found };
    check(&[
        ("met, gauge,1", E::Missing(key), 5),
        ("met,=v gauge,1", E::Missing(key), 5),
        ("met,d=v, gauge,1", E::Missing(key), 9),
        ("met,D=v gauge,1", character('D'), 5),
        ("met,1=v gauge,1", start('1'), 5),
        ("met,a.1=v gauge,1", start('1'), 7),
        ("met,:a=v gauge,1", start(':'), 5),
        ("met,-a=v gauge,1", start('-'), 5),
        ("met,a..b=v gauge,1", E::EmptySection(key), 7),
        ("met,.a=v gauge,1", E::EmptySection(key), 5),
        ("met,a.=v gauge,1", E::EmptySection(key), 7),
        ("met,a/b=v gauge,1", character('/'), 6),
        ("met,a gauge,1", E::Expected("\"=\""), 6),
        ("met,a,b=v gauge,1", E::Expected("\"=\""), 6),
    ]);
    let error = refused(&format!("met,{}=v gauge,1", repeated(101)));
    assert!(matches!(error.kind(), E::TooLong { limit: 100, .. }));
}

#[test]
fn a_fifty_first_dimension() {
    let mut text = String::from("met");
    for n in 0..51 {
        write!(text, ",d{n}=v").expect("a String takes all");
    }
    assert_eq!(
        refused(&format!("{text} gauge,1")).kind(),
        &E::TooManyDimensions
    );
}

#[test]
fn dimension_values() {
    let value = Part::DimensionValue;
    let character = |found| E::Character { part: value, found };
    check(&[
        ("met,a=v=w gauge,1", E::Unescaped('='), 8),
        ("met,a=v\" gauge,1", E::Unescaped('"'), 8),
        ("met,a=v\\x gauge,1", E::Escape, 8),
        ("met,a=v\\n gauge,1", E::Escape, 8),
        ("met,a=v\\", E::Escape, 8),
        ("met,a=\" gauge,1", E::UnterminatedQuote, 16),
        ("met,a=\"v\\", E::Escape, 9),
        ("met,a=\"v\\\" gauge,1", E::UnterminatedQuote, 19),
        ("met,a=\"v\\ w\" gauge,1", E::Escape, 9),
        ("met,a=\"v\\nw\" gauge,1", E::Escape, 9),
        (
            "met,a=\"v\"w gauge,1",
            E::Expected("comma or space after the closing quote"),
            10,
        ),
        ("met,a=v\tw gauge,1", character('\t'), 8),
        ("met,a=v\nw gauge,1", character('\n'), 8),
        ("met,a=\"\u{0}\" gauge,1", character('\u{0}'), 8),
        ("met,a=\u{7f} gauge,1", character('\u{7f}'), 7),
        ("met,a=\u{85} gauge,1", character('\u{85}'), 7),
        ("met,a=\u{2028} gauge,1", character('\u{2028}'), 7),
        // A bare space ends the value, and the rest is not a payload.
        (
            "met,a=v w gauge,1",
            E::Expected("number, \"gauge,\" or \"count,\""),
            9,
        ),
    ]);
    for text in [
        repeated(256),
        format!("xx{}", r"\ ".repeat(127)),
        format!("\"{}\"", repeated(254)),
        "😀".repeat(128),
    ] {
        let error = refused(&format!("met,a={text} gauge,1"));
        assert!(
            matches!(
                error.kind(),
                E::TooLong {
                    length: 256,
                    limit: 255,
                    ..
                }
            ),
            "{text}: {error}"
        );
    }
}

#[test]
fn payloads() {
    let expected = E::Expected("number, \"gauge,\" or \"count,\"");
    check(&[
        ("met", E::Missing(Part::Payload), 4),
        ("met ", E::Missing(Part::Payload), 4),
        ("met,a=v", E::Missing(Part::Payload), 8),
        ("met GAUGE,1", expected.clone(), 5),
        ("met gauge", expected.clone(), 5),
        // Only a single value can be without its format.
        ("met min=1,max=1,sum=1,count=1", expected.clone(), 5),
        ("met delta=1", expected, 5),
        ("met gauge,", E::Missing(Part::Number), 11),
        ("met count,1", E::Expected("\"delta=\""), 11),
        ("met count,delta=", E::Missing(Part::Number), 17),
        ("met gauge,1,2", E::Expected("space or end of line"), 12),
        ("met 1,2", E::Expected("space or end of line"), 6),
    ]);
}

#[test]
fn whitespace_other_than_single_spaces() {
    check(&[
        ("met  gauge,1", E::Separator(' '), 5),
        ("met\tgauge,1", E::Separator('\t'), 4),
        ("met \tgauge,1", E::Separator('\t'), 5),
        ("met\u{a0}1", E::Separator('\u{a0}'), 4),
        ("met,a=v  gauge,1", E::Separator(' '), 9),
        ("met gauge,1  1", E::Separator(' '), 13),
        ("met gauge,1\t1", E::Separator('\t'), 12),
        ("#met  gauge dt.meta.unit=s", E::Separator(' '), 6),
        ("#met gauge\tdt.meta.unit=s", E::Separator('\t'), 11),
        (
            "#met gauge dt.meta.unit=s,  dt.meta.description=x",
            E::Separator(' '),
            28,
        ),
        ("met gauge,1 ", E::LineEnd(' '), 12),
        ("met gauge,1\t", E::LineEnd('\t'), 12),
        ("met gauge,1\r", E::LineEnd('\r'), 12),
        ("met gauge,1 \r", E::LineEnd(' '), 12),
        ("met gauge,1\n", E::LineEnd('\n'), 12),
        ("met gauge,1 1 ", E::LineEnd(' '), 14),
        ("#met gauge dt.meta.unit=s\r", E::LineEnd('\r'), 26),
        ("#met gauge dt.meta.description=a\\  ", E::LineEnd(' '), 35),
        ("\r", E::LineEnd('\r'), 1),
        ("  ", E::LineEnd(' '), 1),
        // If there are two errors, the first one counts.
        ("1et gauge,1\r", start_of_key('1'), 1),
    ]);
}

fn start_of_key(found: char) -> E {
    let part = Part::MetricKey;
    E::SectionStart { part, found }
}

#[test]
fn numbers() {
    let cases = [
        ("+1", Some('+'), 0),
        (".5", Some('.'), 0),
        ("nan", Some('n'), 0),
        ("Infinity", Some('I'), 0),
        ("-inf", Some('i'), 1),
        ("--1", Some('-'), 1),
        ("0x10", Some('x'), 1),
        ("1_000", Some('_'), 1),
        ("1f", Some('f'), 1),
        ("1.2.3", Some('.'), 3),
        ("1e5.0", Some('.'), 3),
        ("9=v", Some('='), 1),
        ("e5", Some('e'), 0),
        ("١", Some('١'), 0),
        ("1e+x", Some('x'), 3),
        ("5.", None, 2),
        ("1e", None, 2),
        ("1e+", None, 3),
        ("-", None, 1),
        ("", None, 0),
    ];
    let part = Part::Number;
    for (number, found, at) in cases {
        let kind = found.map_or(E::Missing(part), |found| E::Unexpected { part, found });
        for before in ["met gauge,", "met count,delta="] {
            let text = format!("{before}{number}");
            let column = before.len() + at + 1;
            check(&[(&text, kind.clone(), column)]);
        }
    }
    // A number without its format is read alike.
    let unexpected = |found| E::Unexpected { part, found };
    check(&[
        ("met +1", unexpected('+'), 5),
        ("met .5", unexpected('.'), 5),
        ("met 9=v", unexpected('='), 6),
        ("met gauge,1e999", E::NumberRange, 11),
        ("met gauge,-1e309", E::NumberRange, 11),
    ]);
}

#[test]
fn summaries() {
    let unexpected = |part, found| E::Unexpected { part, found };
    let count = |found| unexpected(Part::Count, found);
    let number = |found| unexpected(Part::Number, found);
    check(&[
        ("met gauge,min=1", E::Expected("\",max=\""), 16),
        ("met gauge,max=1,min=1,sum=1,count=1", number('m'), 11),
        (
            "met gauge,min=1,max=1,count=1,sum=1",
            E::Expected("\",sum=\""),
            22,
        ),
        (
            "met gauge,min=1,max=1,sum=1",
            E::Expected("\",count=\""),
            28,
        ),
        ("met gauge,min=1,max=1,sum=1,count=1.0", count('.'), 36),
        ("met gauge,min=1,max=1,sum=1,count=-1", count('-'), 35),
        ("met gauge,min=1,max=1,sum=1,count=+1", count('+'), 35),
        (
            "met gauge,min=1,max=1,sum=1,count=",
            E::Missing(Part::Count),
            35,
        ),
        (
            "met gauge,min=1,max=1,sum=1,count=99999999999999999999",
            E::Count,
            35,
        ),
        ("met gauge,min=nan,max=1,sum=1,count=1", number('n'), 15),
        ("met gauge,min=3,max=1,sum=2,count=1", E::SummaryOrder, 11),
        ("met gauge,min=1,max=3,sum=0.5,count=1", E::SummaryOrder, 11),
        ("met gauge,min=1,max=3,sum=7,count=2", E::SummaryOrder, 11),
        (
            "met gauge,min=1,max=1,sum=1.00001,count=1",
            E::SummaryOrder,
            11,
        ),
        ("met gauge,min=0,max=1,sum=0,count=0", E::EmptySummary, 11),
        ("met gauge,min=0,max=0,sum=1,count=0", E::EmptySummary, 11),
    ]);
}

#[test]
fn timestamps() {
    let part = Part::Timestamp;
    let unexpected = |found| E::Unexpected { part, found };
    check(&[
        ("met gauge,1 now", unexpected('n'), 13),
        ("met gauge,1 -1", unexpected('-'), 13),
        ("met gauge,1 +1", unexpected('+'), 13),
        ("met gauge,1 1.5", unexpected('.'), 14),
        ("met gauge,1 1,2", unexpected(','), 14),
        ("met gauge,1 1 2", E::Separator(' '), 14),
        ("met gauge,1 9223372036854775808", E::Timestamp, 13),
    ]);
    let reader = Reader::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let cases = [
        (1_700_000_000_000_i64 - 3_600_001, E::TimestampPast),
        (1_700_000_000_000 + 600_001, E::TimestampFuture),
        (0, E::TimestampPast),
        (i64::MAX, E::TimestampFuture),
    ];
    for (timestamp, kind) in cases {
        let error = reader
            .read(&format!("met gauge,1 {timestamp}"))
            .unwrap_err();
        assert_eq!((error.kind(), error.column()), (&kind, 13));
    }
}

#[test]
fn metadata() {
    let character = |part, found| E::Character { part, found };
    check(&[
        ("#", E::Missing(Part::MetricKey), 2),
        ("# m gauge dt.meta.unit=s", E::Missing(Part::MetricKey), 2),
        ("#met", E::Missing(Part::MetricType), 5),
        (
            "#met,a=v gauge dt.meta.unit=s",
            E::Missing(Part::MetricType),
            5,
        ),
        (
            "#met summary dt.meta.unit=s",
            E::Expected("\"gauge\" or \"count\""),
            6,
        ),
        (
            "#met dt.meta.unit=s",
            E::Expected("\"gauge\" or \"count\""),
            6,
        ),
        ("#met gauge", E::Missing(Part::Property), 11),
        ("#met gauge ", E::Missing(Part::Property), 11),
        ("#met gauge dt.meta.unit", E::Expected("\"=\""), 24),
        ("#met gauge dt.meta.unit=", E::Missing(Part::Unit), 25),
        ("#met gauge dt.meta.unit=\"\"", E::Missing(Part::Unit), 25),
        ("#met gauge dt.meta.unit=s,", E::Missing(Part::Property), 27),
        ("#met gauge dt.meta.unit=s x", E::Expected("comma"), 26),
        (
            "#met gauge dt.meta.unit=s,dt.meta.unit=s",
            E::DuplicateProperty,
            27,
        ),
        ("#met gauge dt.meta.colour=red", E::UnknownProperty, 12),
        (
            "#met gauge dt.meta.unit=m.s",
            character(Part::Unit, '.'),
            26,
        ),
        ("#met gauge dt.meta.unit=µs", character(Part::Unit, 'µ'), 25),
        (
            "#met gauge dt.meta.description=a b",
            E::Expected("comma"),
            33,
        ),
        ("#met gauge dt.meta.description=a=b", E::Unescaped('='), 33),
        (
            "#met gauge dt.meta.description=\"a",
            E::UnterminatedQuote,
            34,
        ),
        ("#met gauge dt.meta.description=\"a\\t\"", E::Escape, 34),
        (
            "#met gauge dt.meta.description=\"a\nb\"",
            character(Part::Description, '\n'),
            34,
        ),
    ]);
    let error = refused(&format!("#met gauge dt.meta.unit={}", repeated(64)));
    assert!(matches!(error.kind(), E::TooLong { limit: 63, .. }));
    let error = refused(&format!("#met gauge dt.meta.displayName={}", repeated(301)));
    assert!(matches!(error.kind(), E::TooLong { limit: 300, .. }));
}

#[test]
fn a_line_over_its_limit() {
    let head = "#met gauge dt.meta.description=";
    let fits = format!("{head}{}", repeated(50_000 - head.len()));
    assert!(super::read(&fits).is_ok());
    let error = refused(&format!("{fits}x"));
    assert!(matches!(
        error.kind(),
        E::TooLong {
            part: Part::Line,
            length: 50_001,
            ..
        }
    ));
}

#[test]
fn messages_name_the_character_and_its_position() {
    for (text, message) in [
        ("met gauge,+1", "unexpected '+' in number, column 11"),
        ("met gauge,5.", "number expected before the end, column 13"),
        ("met,=v 1", "dimension key expected, found '=', column 5"),
        ("met,a 1", "\"=\" expected, found ' ', column 6"),
        (
            "met gauge,1\r",
            "unexpected '\\r' at the end: a line ends with its last part, then '\\n', column 12",
        ),
        (
            "met\t1",
            "unexpected '\\t': the parts of a line are separated by one space, column 4",
        ),
        (
            "me 1",
            "metric key has 2 characters, at least 3 are needed, column 1",
        ),
    ] {
        assert_eq!(refused(text).to_string(), message);
    }
}

#[test]
fn offsets_are_bytes_and_columns_are_characters() {
    let error = refused("met,a=日本\t gauge,1");
    assert_eq!((error.offset(), error.column()), (12, 9));
    assert_eq!(
        error.to_string(),
        r"dimension value may not contain '\t', column 9"
    );
}

#[test]
fn the_other_kind_of_line() {
    assert!("#met gauge dt.meta.unit=s".parse::<Line>().is_err());
    assert!("met gauge,1".parse::<Metadata>().is_err());
}
