//! Tests of lines that the reader accepts.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use super::{Reader, line, metadata, repeated};
use crate::protocol::{Kind, MetricType, Note, Payload};

#[test]
fn every_part_is_decoded() {
    let read = line("shop.orders,region=eu,tier=gold gauge,1.5 1700000000000");
    assert_eq!(read.key, "shop.orders");
    assert_eq!(
        read.dimensions,
        [
            ("region".into(), "eu".into()),
            ("tier".into(), "gold".into())
        ]
    );
    assert_eq!(read.payload, Payload::Gauge { value: 1.5 });
    assert_eq!(read.timestamp_ms, Some(1_700_000_000_000));
    assert_eq!(
        read.to_string(),
        "shop.orders,region=eu,tier=gold gauge,1.5 1700000000000"
    );
}

#[test]
fn payloads() {
    let cases = [
        ("gauge,0", Payload::Gauge { value: 0.0 }),
        ("gauge,-1.5", Payload::Gauge { value: -1.5 }),
        ("gauge,1.0E22", Payload::Gauge { value: 1e22 }),
        ("gauge,1e+3", Payload::Gauge { value: 1e3 }),
        ("gauge,4.9E-324", Payload::Gauge { value: 5e-324 }),
        ("count,delta=1", Payload::Count { delta: 1.0 }),
        ("count,delta=0.25", Payload::Count { delta: 0.25 }),
        ("count,delta=-258", Payload::Count { delta: -258.0 }),
        (
            "gauge,min=1,max=3,sum=4,count=2",
            Payload::Summary {
                min: 1.0,
                max: 3.0,
                sum: 4.0,
                count: 2,
            },
        ),
        (
            "gauge,min=0,max=0,sum=0,count=0",
            Payload::Summary {
                min: 0.0,
                max: 0.0,
                sum: 0.0,
                count: 0,
            },
        ),
    ];
    for (text, payload) in cases {
        assert_eq!(line(&format!("key {text}")).payload, payload, "{text}");
    }
}

#[test]
fn a_summary_may_be_off_by_its_rounding() {
    for text in [
        "key gauge,min=0.3333333,max=0.3333333,sum=1,count=3",
        "key gauge,min=1000000,max=1000000,sum=3000001,count=3",
        "key gauge,min=-2,max=-1,sum=-3,count=2",
    ] {
        assert_eq!(line(text).payload.kind(), Kind::Summary);
    }
}

#[test]
fn keys() {
    for key in [
        "abc",
        "___",
        "MyCounter",
        "abc.1m",
        "a.1b",
        "a-.b-",
        "_.a",
        "dtx",
        "dtx.a",
        &repeated(255),
    ] {
        assert_eq!(line(&format!("{key} gauge,1")).key, key);
    }
    for key in [
        "a",
        "_",
        "a:b",
        "dt.entity.host",
        "a1.b2._",
        "a-b_c:",
        &repeated(100),
    ] {
        let read = line(&format!("met,{key}=v gauge,1"));
        assert_eq!(read.dimension(key), Some("v"));
    }
}

#[test]
fn dimension_values() {
    let value_of = |text: &str| {
        let read = line(&format!("met,d={text},after=x gauge,1"));
        assert_eq!(read.dimension("after"), Some("x"));
        read.dimension("d")
            .expect("the dimension is there")
            .to_owned()
    };
    let cases = [
        ("v", "v"),
        (r"a\ b", "a b"),
        (r"a\,b\=c\\d\ e", r"a,b=c\d e"),
        (r#"\"a\""#, r#""a""#),
        (r#""a b=c,d""#, "a b=c,d"),
        (r#""quo\"ted""#, r#"quo"ted"#),
        (r#""back\\slash""#, r"back\slash"),
        ("日本🤣", "日本🤣"),
        ("'", "'"),
    ];
    for (text, value) in cases {
        assert_eq!(value_of(text), value, "{text}");
    }
    // 255 is the length as written: escapes and quotes count, and so does each half of a pair.
    assert_eq!(value_of(&repeated(255)).len(), 255);
    assert_eq!(value_of(&format!("x{}", r"\ ".repeat(127))).len(), 128);
    assert_eq!(value_of(&format!("\"{}\"", repeated(253))).len(), 253);
    assert_eq!(
        value_of(&format!("x{}", "😀".repeat(127))).chars().count(),
        128
    );
}

#[test]
fn a_gauge_without_its_format() {
    // The examples of the documentation.
    for (text, value) in [
        ("cpu.temperature,cpu=1 55", 55.0),
        ("mymetric,team=teamA,businessapp=hr 1000", 1_000.0),
        ("cpu.load -0.5e1", -5.0),
    ] {
        assert_eq!(line(text).payload, Payload::Gauge { value }, "{text}");
    }
    let read = line("mymetric,team=teamA,businessapp=hr 1000 1609459200000");
    assert_eq!(read.timestamp_ms, Some(1_609_459_200_000));
}

#[test]
fn dimensions_that_are_not_stored() {
    let empty = |key: &str| Note::EmptyDimension(key.to_owned());
    let repeated = |key: &str| Note::RepeatedDimension(key.to_owned());
    for (text, dimensions, notes) in [
        ("met,a= 1", &[][..], vec![empty("a")]),
        (r#"met,a="" 1"#, &[], vec![empty("a")]),
        (
            r#"met,a=,b="",c=v 1"#,
            &[("c", "v")],
            vec![empty("a"), empty("b")],
        ),
        (
            "met,a=v,b=w,a=x 1",
            &[("a", "v"), ("b", "w")],
            vec![repeated("a")],
        ),
        ("met,a=,a=v 1", &[("a", "v")], vec![empty("a")]),
    ] {
        let read = line(text);
        let stored: Vec<_> = read
            .dimensions
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        assert_eq!((&*stored, read.notes), (dimensions, notes), "{text}");
        assert_eq!(read.text, text);
    }
    assert_eq!(
        empty("a").to_string(),
        r#"dimension "a" is not stored, its value is empty"#
    );
}

#[test]
fn fifty_dimensions() {
    let mut text = String::from("met");
    for n in 0..50 {
        write!(text, ",d{n}=v").expect("a String takes all");
    }
    assert_eq!(line(&format!("{text} gauge,1")).dimensions.len(), 50);
}

#[test]
fn timestamps_at_the_ends_of_the_window() {
    let reader = Reader::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    for timestamp in [
        1_700_000_000_000_i64 - 3_600_000,
        1_700_000_000_000,
        1_700_000_000_000 + 600_000,
    ] {
        let text = format!("met gauge,1 {timestamp}");
        assert!(reader.read(&text).is_ok(), "{text}");
    }
}

#[test]
fn metadata_lines() {
    let read = metadata(
        r#"#shop.orders count dt.meta.description="Orders, \"all\"\nof them",dt.meta.unit={order}/s,dt.meta.displayName=Orders"#,
    );
    assert_eq!(read.key, "shop.orders");
    assert_eq!(read.metric_type, MetricType::Count);
    assert_eq!(read.unit.as_deref(), Some("{order}/s"));
    assert_eq!(
        read.description.as_deref(),
        Some("Orders, \"all\"\nof them")
    );
    assert_eq!(read.display_name.as_deref(), Some("Orders"));

    let read = metadata(r"#met gauge dt.meta.description=a\ \\\ b");
    assert_eq!(read.description.as_deref(), Some(r"a \ b"));

    // Both spellings, and a space behind the comma, are in the documentation.
    let read = metadata(
        r#"#met count dt.meta.displayname="Met", dt.meta.description="a, b", dt.meta.unit=s"#,
    );
    assert_eq!(read.display_name.as_deref(), Some("Met"));
    assert_eq!(read.description.as_deref(), Some("a, b"));
    assert_eq!(read.unit.as_deref(), Some("s"));
    // An escaped space may be the last character.
    let read = metadata(r"#met gauge dt.meta.description=a\ ");
    assert_eq!(read.description.as_deref(), Some("a "));

    // Only ASCII whitespace ends a line: any other is part of the text.
    let read = metadata("#met gauge dt.meta.description=a\u{2000}");
    assert_eq!(read.description.as_deref(), Some("a\u{2000}"));

    // The limits of metadata apply to the decoded text.
    let long = format!("#met gauge dt.meta.displayName=\"{}\"", repeated(300));
    assert_eq!(metadata(&long).display_name, Some(repeated(300)));
    let long = format!("#met gauge dt.meta.unit={}", repeated(63));
    assert_eq!(metadata(&long).unit, Some(repeated(63)));
}
