//! Tests of lines that the reader refuses, with the reason and its position.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use super::{Reader, refused, repeated};
use crate::protocol::{ErrorKind as E, Line, Metadata, Part};

/// Text, what is wrong with it, and the character (from 1) where it is.
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
        ("a\tb gauge,1", character('\t'), 2),
        ("m=1 gauge,1", character('='), 2),
        ("\"m\" gauge,1", character('"'), 1),
        ("dt.m gauge,1", E::ReservedKey, 1),
        ("#dt.m gauge dt.meta.unit=s", E::ReservedKey, 2),
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
        ("m, gauge,1", E::Missing(key), 3),
        ("m,=v gauge,1", E::Missing(key), 3),
        ("m,d=v, gauge,1", E::Missing(key), 7),
        ("m,D=v gauge,1", character('D'), 3),
        ("m,1=v gauge,1", start('1'), 3),
        ("m,a.1=v gauge,1", start('1'), 5),
        ("m,:a=v gauge,1", start(':'), 3),
        ("m,-a=v gauge,1", start('-'), 3),
        ("m,a..b=v gauge,1", E::EmptySection(key), 5),
        ("m,.a=v gauge,1", E::EmptySection(key), 3),
        ("m,a.=v gauge,1", E::EmptySection(key), 5),
        ("m,a/b=v gauge,1", character('/'), 4),
        ("m,a gauge,1", E::Expected("\"=\""), 4),
        ("m,a,b=v gauge,1", E::Expected("\"=\""), 4),
        (
            "m,a=v,b=w,a=x gauge,1",
            E::DuplicateDimension("a".into()),
            11,
        ),
    ]);
    let error = refused(&format!("m,{}=v gauge,1", repeated(101)));
    assert!(matches!(error.kind(), E::TooLong { limit: 100, .. }));
}

#[test]
fn a_fifty_first_dimension() {
    let mut text = String::from("m");
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
        ("m,a= gauge,1", E::Missing(value), 5),
        ("m,a=,b=v gauge,1", E::Missing(value), 5),
        ("m,a=\"\" gauge,1", E::Missing(value), 5),
        ("m,a=v=w gauge,1", E::Unescaped('='), 6),
        ("m,a=v\" gauge,1", E::Unescaped('"'), 6),
        ("m,a=v\\x gauge,1", E::Escape, 6),
        ("m,a=v\\n gauge,1", E::Escape, 6),
        ("m,a=v\\", E::Escape, 6),
        ("m,a=\" gauge,1", E::UnterminatedQuote, 14),
        ("m,a=\"v\\", E::Escape, 7),
        ("m,a=\"v\\\" gauge,1", E::UnterminatedQuote, 17),
        ("m,a=\"v\\ w\" gauge,1", E::Escape, 7),
        ("m,a=\"v\\nw\" gauge,1", E::Escape, 7),
        (
            "m,a=\"v\"w gauge,1",
            E::Expected("comma or space after the closing quote"),
            8,
        ),
        ("m,a=v\tw gauge,1", character('\t'), 6),
        ("m,a=v\nw gauge,1", character('\n'), 6),
        ("m,a=\"\u{0}\" gauge,1", character('\u{0}'), 6),
        ("m,a=\u{7f} gauge,1", character('\u{7f}'), 5),
        ("m,a=\u{85} gauge,1", character('\u{85}'), 5),
        ("m,a=\u{2028} gauge,1", character('\u{2028}'), 5),
        // A bare space ends the value, and what follows is not a payload.
        (
            "m,a=v w gauge,1",
            E::Expected("\"gauge,\" or \"count,\""),
            7,
        ),
    ]);
    for text in [
        repeated(256),
        format!("xx{}", r"\ ".repeat(127)),
        format!("\"{}\"", repeated(254)),
        "😀".repeat(128),
    ] {
        let error = refused(&format!("m,a={text} gauge,1"));
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
    check(&[
        ("m", E::Missing(Part::Payload), 2),
        ("m ", E::Missing(Part::Payload), 3),
        ("m,a=v", E::Missing(Part::Payload), 6),
        ("m 1", E::Expected("\"gauge,\" or \"count,\""), 3),
        ("m  gauge,1", E::Expected("\"gauge,\" or \"count,\""), 3),
        ("m GAUGE,1", E::Expected("\"gauge,\" or \"count,\""), 3),
        ("m gauge", E::Expected("\"gauge,\" or \"count,\""), 3),
        ("m gauge,", E::Number, 9),
        ("m count,1", E::Expected("\"delta=\""), 9),
        ("m count,delta=", E::Number, 15),
        ("m gauge,1,2", E::Expected("space or end of line"), 10),
        ("m gauge,1\n", E::Number, 9),
        ("m gauge,1\r", E::Number, 9),
    ]);
}

#[test]
fn numbers() {
    for number in [
        "nan", "NaN", "inf", "-inf", "Infinity", "+1", "0x10", ".5", "5.", "1e", "1e+", "e5", "-",
        "--1", "1_000", "1.2.3", "1f", "1d", "١", "1e5.0", "",
    ] {
        assert_eq!(
            refused(&format!("m gauge,{number}")).kind(),
            &E::Number,
            "{number}"
        );
        assert_eq!(
            refused(&format!("m count,delta={number}")).kind(),
            &E::Number,
            "{number}"
        );
    }
    check(&[
        ("m gauge,1e999", E::NumberRange, 9),
        ("m gauge,-1e309", E::NumberRange, 9),
    ]);
}

#[test]
fn summaries() {
    check(&[
        ("m gauge,min=1", E::Expected("\",max=\""), 14),
        ("m gauge,max=1,min=1,sum=1,count=1", E::Number, 9),
        (
            "m gauge,min=1,max=1,count=1,sum=1",
            E::Expected("\",sum=\""),
            20,
        ),
        ("m gauge,min=1,max=1,sum=1", E::Expected("\",count=\""), 26),
        ("m gauge,min=1,max=1,sum=1,count=1.0", E::Count, 33),
        ("m gauge,min=1,max=1,sum=1,count=-1", E::Count, 33),
        ("m gauge,min=1,max=1,sum=1,count=+1", E::Count, 33),
        ("m gauge,min=1,max=1,sum=1,count=", E::Count, 33),
        (
            "m gauge,min=1,max=1,sum=1,count=99999999999999999999",
            E::Count,
            33,
        ),
        ("m gauge,min=nan,max=1,sum=1,count=1", E::Number, 13),
        ("m gauge,min=3,max=1,sum=2,count=1", E::SummaryOrder, 9),
        ("m gauge,min=1,max=3,sum=0.5,count=1", E::SummaryOrder, 9),
        ("m gauge,min=1,max=3,sum=7,count=2", E::SummaryOrder, 9),
        (
            "m gauge,min=1,max=1,sum=1.00001,count=1",
            E::SummaryOrder,
            9,
        ),
        ("m gauge,min=0,max=1,sum=0,count=0", E::EmptySummary, 9),
        ("m gauge,min=0,max=0,sum=1,count=0", E::EmptySummary, 9),
    ]);
}

#[test]
fn timestamps() {
    check(&[
        ("m gauge,1 ", E::Timestamp, 11),
        ("m gauge,1 now", E::Timestamp, 11),
        ("m gauge,1 -1", E::Timestamp, 11),
        ("m gauge,1 +1", E::Timestamp, 11),
        ("m gauge,1 1.5", E::Timestamp, 11),
        ("m gauge,1  1", E::Timestamp, 11),
        ("m gauge,1 1 ", E::Timestamp, 11),
        ("m gauge,1 1 2", E::Timestamp, 11),
        ("m gauge,1 9223372036854775808", E::Timestamp, 11),
    ]);
    let reader = Reader::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let cases = [
        (1_700_000_000_000_i64 - 3_600_001, E::TimestampPast),
        (1_700_000_000_000 + 600_001, E::TimestampFuture),
        (0, E::TimestampPast),
        (i64::MAX, E::TimestampFuture),
    ];
    for (timestamp, kind) in cases {
        let error = reader.read(&format!("m gauge,1 {timestamp}")).unwrap_err();
        assert_eq!((error.kind(), error.column()), (&kind, 11));
    }
}

#[test]
fn metadata() {
    let character = |part, found| E::Character { part, found };
    check(&[
        ("#", E::Missing(Part::MetricKey), 2),
        ("# m gauge dt.meta.unit=s", E::Missing(Part::MetricKey), 2),
        ("#m", E::Expected("space"), 3),
        (
            "#m,a=v gauge dt.meta.unit=s",
            character(Part::MetricKey, ','),
            3,
        ),
        (
            "#m summary dt.meta.unit=s",
            E::Expected("\"gauge\" or \"count\""),
            4,
        ),
        (
            "#m dt.meta.unit=s",
            E::Expected("\"gauge\" or \"count\""),
            4,
        ),
        ("#m gauge", E::Expected("space"), 9),
        ("#m gauge ", E::Missing(Part::Property), 10),
        ("#m gauge dt.meta.unit", E::Expected("\"=\""), 22),
        ("#m gauge dt.meta.unit=", E::Missing(Part::Unit), 23),
        ("#m gauge dt.meta.unit=\"\"", E::Missing(Part::Unit), 23),
        ("#m gauge dt.meta.unit=s,", E::Missing(Part::Property), 25),
        ("#m gauge dt.meta.unit=s x", E::Expected("comma"), 24),
        (
            "#m gauge dt.meta.unit=s,dt.meta.unit=s",
            E::DuplicateProperty,
            25,
        ),
        ("#m gauge dt.meta.colour=red", E::UnknownProperty, 10),
        ("#m gauge dt.meta.displayname=x", E::UnknownProperty, 10),
        ("#m gauge dt.meta.unit=m.s", character(Part::Unit, '.'), 23),
        ("#m gauge dt.meta.unit=µs", character(Part::Unit, 'µ'), 23),
        ("#m gauge dt.meta.description=a b", E::Expected("comma"), 31),
        ("#m gauge dt.meta.description=a=b", E::Unescaped('='), 31),
        ("#m gauge dt.meta.description=\"a", E::UnterminatedQuote, 32),
        ("#m gauge dt.meta.description=\"a\\t\"", E::Escape, 32),
        (
            "#m gauge dt.meta.description=\"a\nb\"",
            character(Part::Description, '\n'),
            32,
        ),
    ]);
    let error = refused(&format!("#m gauge dt.meta.unit={}", repeated(64)));
    assert!(matches!(error.kind(), E::TooLong { limit: 63, .. }));
    let error = refused(&format!("#m gauge dt.meta.displayName={}", repeated(301)));
    assert!(matches!(error.kind(), E::TooLong { limit: 300, .. }));
}

#[test]
fn a_line_over_its_limit() {
    let head = "#m gauge dt.meta.description=";
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
fn offsets_are_bytes_and_columns_are_characters() {
    let error = refused("m,a=日本\t gauge,1");
    assert_eq!((error.offset(), error.column()), (10, 7));
    assert_eq!(
        error.to_string(),
        r"dimension value may not contain '\t', column 7"
    );
}

#[test]
fn the_other_kind_of_line() {
    assert!("#m gauge dt.meta.unit=s".parse::<Line>().is_err());
    assert!("m gauge,1".parse::<Metadata>().is_err());
}
