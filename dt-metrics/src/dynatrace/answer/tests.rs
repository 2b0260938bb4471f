use super::{Answer, shorten};

#[test]
fn counts_always_add_up() {
    let cases = [
        (r#"{"linesOk":7,"linesInvalid":3}"#, Some((7, 3))),
        (r#"{"linesValid":7,"linesInvalid":3}"#, Some((7, 3))),
        (r#"{"linesOk":7}"#, Some((7, 3))),
        (r#"{"linesInvalid":4}"#, Some((6, 4))),
        (r#"{"linesOk":99,"linesInvalid":99}"#, Some((10, 0))),
        (r#"{"linesInvalid":99}"#, Some((0, 10))),
        (r#"{"linesOk":0,"linesInvalid":0}"#, Some((0, 10))),
        (r#"{"linesOk":-1}"#, None),
        (r#"{"linesOk":"7"}"#, None),
        (r#"{"error":null}"#, None),
    ];
    for (body, expected) in cases {
        let answer = Answer::parse(body.as_bytes()).expect("an object");
        assert_eq!(answer.counts(10), expected, "{body}");
    }
}

#[test]
fn what_is_no_object_is_no_answer() {
    for body in ["", "null", "[]", "7", "<html>", "{", "\u{feff}{}"] {
        assert_eq!(Answer::parse(body.as_bytes()), None, "{body}");
    }
    assert_eq!(Answer::parse(&[0xff, 0xfe]), None);
}

#[test]
fn refused_lines_are_named_within_bounds() {
    let body = "a count,delta=1\nb count,delta=x\nc count,delta=1";
    let cases = [
        (r#"[{"line":2,"error":"bad"}]"#, "`b count,delta=x`: bad"),
        (
            r#"[{"line":1,"error":"x"},{"line":3,"error":"y"}]"#,
            "`a count,delta=1`: x; `c count,delta=1`: y",
        ),
        (r#"[{"line":0,"error":"bad"}]"#, "bad"),
        (r#"[{"line":4,"error":"bad"}]"#, "bad"),
        (r#"[{"line":18446744073709551615,"error":"bad"}]"#, "bad"),
        (r#"[{"line":-1}]"#, "no reason given"),
        ("[7,null]", "no reason given; no reason given"),
        ("[]", ""),
        ("null", ""),
    ];
    for (lines, expected) in cases {
        let json = format!(r#"{{"error":{{"invalidLines":{lines}}}}}"#);
        let answer = Answer::parse(json.as_bytes()).expect("an object");
        assert_eq!(answer.refused_lines(body), expected, "{lines}");
    }
}

#[test]
fn texts_from_elsewhere_are_one_short_line() {
    assert_eq!(shorten(" a\r\nb\u{1b}[31m "), "a  b [31m");
    let short = shorten(&"ä".repeat(1_000));
    assert_eq!(short.chars().count(), 201);
    assert!(short.ends_with('…'));
}
