//! Lines, metadata and their parts.

use crate::line::{
    Dimensions, LineEnd, MetricKey, MetricType, Number, Payload, Rejected, TooManyDimensions,
    limits, write_line, write_metadata, write_point,
};

fn payload(payload: Payload) -> Result<String, Rejected> {
    let key = MetricKey::new("k").expect("a key");
    let mut out = String::from("before\n");
    let result = write_line(&mut out, &key, &Dimensions::default(), &payload, None);
    let written = out.strip_prefix("before\n").expect("what was there before");
    match result {
        Ok(()) => Ok(written.strip_prefix("k ").expect("a line").to_owned()),
        Err(rejected) => {
            assert_eq!(written, "", "nothing is appended on an error");
            Err(rejected)
        }
    }
}

#[test]
fn numbers() {
    let cases = [
        (Number::I64(-258), "-258"),
        (Number::I64(i64::MIN), "-9223372036854775808"),
        (Number::U64(u64::MAX), "18446744073709551615"),
        (Number::F64(0.0), "0"),
        (Number::F64(-0.0), "0"),
        (Number::F64(25.0), "25"),
        (Number::F64(-25.5), "-25.5"),
        (Number::F64(0.1), "0.1"),
        (Number::F64(1e15), "1000000000000000"),
        (Number::F64(9_007_199_254_740_993.0), "9007199254740992"),
        (
            Number::F64(-9_223_372_036_854_775_808.0),
            "-9223372036854775808",
        ),
        (Number::F64(1e21), "1e21"),
        (Number::F64(5e-324), "5e-324"),
        (Number::F64(1e-9), "1e-9"),
    ];
    for (number, expected) in cases {
        assert_eq!(
            payload(Payload::Gauge(number)),
            Ok(format!("gauge,{expected}"))
        );
        assert_eq!(
            payload(Payload::Count(number)),
            Ok(format!("count,delta={expected}"))
        );
    }
}

#[test]
fn doubles_keep_their_value() {
    let two_63 = 9_223_372_036_854_775_808.0;
    for value in [
        two_63,
        -two_63,
        2.0 * two_63,
        1e17,
        1.5e300,
        f64::MAX,
        f64::MIN_POSITIVE,
        0.3,
    ] {
        let text = payload(Payload::Gauge(Number::F64(value))).expect("a line");
        let read: f64 = text
            .strip_prefix("gauge,")
            .expect("a gauge")
            .parse()
            .expect("a number");
        assert_eq!(read.to_bits(), value.to_bits(), "{text}");
    }
}

#[test]
fn values_that_are_not_finite_have_no_line() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let number = Number::F64(value);
        assert_eq!(payload(Payload::Gauge(number)), Err(Rejected::NotFinite));
        assert_eq!(payload(Payload::Count(number)), Err(Rejected::NotFinite));
        for (min, max, sum) in [(value, 1.0, 1.0), (1.0, value, 1.0), (1.0, 1.0, value)] {
            let summary = Payload::Summary {
                min,
                max,
                sum,
                count: 1,
            };
            assert_eq!(payload(summary), Err(Rejected::NotFinite));
        }
    }
}

#[test]
fn summaries() {
    let invalid = Err(Rejected::InvalidSummary);
    let cases = [
        (
            (1.0, 3.5, 4.5, 2),
            Ok("gauge,min=1,max=3.5,sum=4.5,count=2".to_owned()),
        ),
        (
            (-2.0, -2.0, -2.0, 1),
            Ok("gauge,min=-2,max=-2,sum=-2,count=1".to_owned()),
        ),
        (
            (0.0, 0.0, 0.0, u64::MAX),
            Ok(format!("gauge,min=0,max=0,sum=0,count={}", u64::MAX)),
        ),
        // Within the tolerance, and beyond it.
        (
            (1.0, 1.0, 1.000_000_5, 1),
            Ok("gauge,min=1,max=1,sum=1.0000005,count=1".to_owned()),
        ),
        ((1.0, 1.0, 1.000_002, 1), invalid.clone()),
        ((1.0, 1.0, 0.999_998, 1), invalid.clone()),
        ((2.0, 1.0, 1.5, 1), invalid.clone()),
        ((1.0, 2.0, 9.0, 3), invalid.clone()),
        ((0.0, 0.0, 1.0, 0), invalid),
        ((0.0, -0.0, 0.0, 0), Err(Rejected::EmptySummary)),
    ];
    for ((min, max, sum, count), expected) in cases {
        let summary = Payload::Summary {
            min,
            max,
            sum,
            count,
        };
        assert_eq!(payload(summary), expected, "{summary:?}");
    }
}

#[test]
fn a_line_ends_with_its_own_time_whichever_times_came_before() {
    let key = MetricKey::new("k").expect("a key");
    let dimensions = Dimensions::default();
    let value = Payload::Gauge(Number::I64(1));
    let mut end = LineEnd::default();
    let first = 1_700_000_000_000;
    for time in [
        0,
        first,
        first,
        first + 1,
        0,
        first,
        limits::MAX_TIMESTAMP_MS,
    ] {
        let (mut expected, mut line) = (String::new(), String::new());
        write_line(&mut expected, &key, &dimensions, &value, Some(time)).expect("a line");
        write_point(&mut line, &key, &dimensions, &value).expect("a line");
        line.push_str(end.at(time));
        assert_eq!(line, expected, "{time}");
    }
}

#[test]
fn timestamps_out_of_range_are_left_out() {
    let key = MetricKey::new("k").expect("a key");
    let line = |time| {
        let mut out = String::new();
        let value = Payload::Gauge(Number::I64(1));
        write_line(&mut out, &key, &Dimensions::default(), &value, time).expect("a line");
        out
    };
    assert_eq!(line(Some(1_700_000_000_000)), "k gauge,1 1700000000000");
    assert_eq!(
        line(Some(limits::MIN_TIMESTAMP_MS)),
        "k gauge,1 946684800000"
    );
    assert_eq!(
        line(Some(limits::MAX_TIMESTAMP_MS)),
        "k gauge,1 32535215999999"
    );
    let beyond = [
        limits::MIN_TIMESTAMP_MS - 1,
        limits::MAX_TIMESTAMP_MS + 1,
        0,
        i64::MIN,
        i64::MAX,
    ];
    for time in beyond {
        assert_eq!(line(Some(time)), "k gauge,1");
    }
    assert_eq!(line(None), "k gauge,1");
}

#[test]
fn later_layers_and_entries_win() {
    let defaults = [
        ("Env", "prod"),
        ("region", "?"),
        ("gone", "x"),
        ("quoted", "x"),
        ("", "x"),
    ];
    let measured = [
        ("REGION", "a"),
        ("region", "eu"),
        ("gone", ""),
        ("quoted", "\"\""),
    ];
    let metadata = [("env", "dev"), ("..", "x")];
    let dimensions = Dimensions::from_layers(&[&defaults, &measured, &metadata]).expect("few");
    assert_eq!(dimensions.as_str(), ",env=dev,region=eu");
    assert_eq!(dimensions.len(), 2);
    assert!(!dimensions.is_empty());
}

#[test]
fn equal_sets_are_equal_texts() {
    let one = Dimensions::from_layers(&[&[("a", "1"), ("b", "2")]]);
    let other = Dimensions::from_layers(&[&[("b", "2")], &[("a", "1")]]);
    assert_eq!(one, other);
    let none = Dimensions::from_layers(&[&[]]).expect("few");
    assert_eq!(none, Dimensions::default());
    assert!(none.is_empty());
}

#[test]
fn a_fifty_first_dimension_is_an_error() {
    let keys: Vec<String> = (0..51).map(|i| format!("k{i}")).collect();
    let mut entries: Vec<_> = keys.iter().map(|key| (key.as_str(), "v")).collect();
    assert_eq!(
        Dimensions::from_layers(&[&entries]),
        Err(TooManyDimensions(51))
    );
    assert_eq!(
        Dimensions::from_layers(&[&entries[..50]]).map(|set| set.len()),
        Ok(50)
    );
    // An override adds none; an empty value counts, as it does for the reference client.
    let overridden = Dimensions::from_layers(&[&entries[..50], &[("K0", "w")]]);
    assert_eq!(overridden.map(|set| set.len()), Ok(50));
    entries[50].1 = "";
    assert_eq!(
        Dimensions::from_layers(&[&entries]),
        Err(TooManyDimensions(51))
    );
}

#[test]
fn metadata() {
    let x = |count| "x".repeat(count);
    let cases = [
        (("", "", ""), None),
        (("bad unit", "\"\"", "\n\u{7}".trim()), None),
        (("By", "", ""), Some("dt.meta.unit=By".to_owned())),
        (("", "d", ""), Some("dt.meta.description=d".to_owned())),
        (
            ("s", "a b", "n"),
            Some("dt.meta.unit=s,dt.meta.displayName=n,dt.meta.description=\"a b\"".to_owned()),
        ),
        (
            ("", "\"a b\"", ""),
            Some("dt.meta.description=\"a b\"".to_owned()),
        ),
        (
            ("", "\"", ""),
            Some(r#"dt.meta.description="\"""#.to_owned()),
        ),
        (
            ("", r"a\b", ""),
            Some(r#"dt.meta.description="a\\b""#.to_owned()),
        ),
        (
            ("", r#""a\""#, ""),
            Some(r#"dt.meta.description="a\\""#.to_owned()),
        ),
        (
            ("", "a\r\nb", ""),
            Some(r#"dt.meta.description="a\nb""#.to_owned()),
        ),
        (
            ("", "a\u{2028}\u{e000}b", ""),
            Some("dt.meta.description=\"ab\"".to_owned()),
        ),
        (("", "", "\u{0}"), None),
        (
            ("", "", &*x(300)),
            Some(format!("dt.meta.displayName={}", x(300))),
        ),
        (
            ("", "", &*x(301)),
            Some(format!("dt.meta.displayName=\"{}\"", x(300))),
        ),
        // Quotes do not count, unless the text is cut: then the first quote counts.
        (
            ("", "", &*format!("\"{}\"", x(300))),
            Some(format!("dt.meta.displayName=\"{}\"", x(300))),
        ),
        (
            ("", "", &*format!("\"{}\"", x(301))),
            Some(format!("dt.meta.displayName=\"{}\"", x(299))),
        ),
        // Room for the backslash only.
        (
            ("", "", &*format!("{}\\", x(299))),
            Some(format!("dt.meta.displayName=\"{}\"", x(299))),
        ),
    ];
    let key = MetricKey::new("k").expect("a key");
    for ((unit, description, name), expected) in cases {
        let mut out = String::from("before\n");
        let said = write_metadata(&mut out, &key, MetricType::Count, unit, description, name);
        let got = out.strip_prefix("before\n").expect("what was there before");
        let expected = expected.map(|properties| format!("#k count {properties}"));
        assert_eq!(
            said.then_some(got),
            expected.as_deref(),
            "{unit:?} {description:?} {name:?}"
        );
        assert_eq!(said, !got.is_empty());
    }
}

#[test]
fn a_description_leaves_no_line_too_long() {
    let key = MetricKey::new("k").expect("a key");
    for text in ["x", "日", "😀", "\"", "\n", "a b"] {
        let description = text.repeat(70_000);
        let mut out = String::new();
        assert!(write_metadata(
            &mut out,
            &key,
            MetricType::Gauge,
            "s",
            &description,
            "name"
        ));
        let length: usize = out.chars().map(char::len_utf16).sum();
        assert!(length <= limits::MAX_LINE_LENGTH, "{text:?}: {length}");
        assert!(length > limits::MAX_LINE_LENGTH - 5, "{text:?}: {length}");
        assert!(out.ends_with('"'));
    }
}
