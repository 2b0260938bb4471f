use crate::dynatrace::encode::body::Body;
use crate::dynatrace::redact::shorten;
use crate::dynatrace::transport::answer::Answer;

#[test]
fn counts_always_add_up() {
    let cases = [
        (r#"{"linesOk":7,"linesInvalid":3}"#, Some((7, 3))),
        (r#"{"linesValid":7,"linesInvalid":3}"#, Some((7, 3))),
        (r#"{"linesOk":7}"#, Some((7, 3))),
        (r#"{"linesInvalid":4}"#, Some((6, 4))),
        (r#"{"linesOk":99,"linesInvalid":99}"#, Some((10, 0))),
        (r#"{"linesInvalid":99}"#, Some((0, 10))),
        (r#"{"linesOk":0,"linesInvalid":10}"#, Some((0, 10))),
        // Not about this request.
        (r#"{"linesOk":0,"linesInvalid":0}"#, None),
        (r#"{"linesValid":0}"#, None),
        (r#"{"linesInvalid":0}"#, None),
        (r#"{"linesOk":-1}"#, None),
        (r#"{"linesOk":"7"}"#, None),
        (r#"{"error":null}"#, None),
    ];
    let sent = Body::of(&["a count,delta=1"; 10].join("\n"));
    for (body, expected) in cases {
        let answer = Answer::parse(body.as_bytes()).expect("an object");
        let counts = answer
            .rejected(&sent)
            .map(|rejected| (10 - rejected.points, rejected.points));
        assert_eq!(counts, expected, "{body}");
    }
}

#[test]
fn refused_metadata_does_not_count_as_refused_data() {
    let sent =
        Body::of("#a count dt.meta.unit=1\na count,delta=1\n#b gauge dt.meta.unit=1\nb gauge,1");
    let cases = [
        // Metadata counted, or not.
        (r#"{"linesOk":4,"linesInvalid":0}"#, (2, 0, 0)),
        (r#"{"linesOk":2,"linesInvalid":0}"#, (2, 0, 0)),
        (r#"{"linesOk":1,"linesInvalid":1}"#, (1, 1, 1)),
        (
            r#"{"linesOk":3,"linesInvalid":1,"error":{"invalidLines":[{"line":1}]}}"#,
            (2, 0, 1),
        ),
        (
            r#"{"linesOk":3,"linesInvalid":1,"error":{"invalidLines":[{"line":2}]}}"#,
            (1, 1, 1),
        ),
        (
            r#"{"linesOk":2,"linesInvalid":2,"error":{"invalidLines":[{"line":4},{"line":3}]}}"#,
            (1, 1, 2),
        ),
        (
            r#"{"linesOk":0,"linesInvalid":4,"error":{"invalidLines":[{"line":1},{"line":1}]}}"#,
            (0, 2, 4),
        ),
        (
            r#"{"linesInvalid":99,"error":{"invalidLines":[{"line":9}]}}"#,
            (0, 2, 4),
        ),
    ];
    for (body, expected) in cases {
        let rejected = Answer::parse(body.as_bytes())
            .and_then(|answer| answer.rejected(&sent))
            .expect("counts");
        let counts = (2 - rejected.points, rejected.points, rejected.lines);
        assert_eq!(counts, expected, "{body}");
    }
}

#[test]
fn only_objects_are_answers() {
    for body in ["", "null", "[]", "7", "<html>", "{", "\u{feff}{}"] {
        assert_eq!(Answer::parse(body.as_bytes()), None, "{body}");
    }
    assert_eq!(Answer::parse(&[0xff, 0xfe]), None);
}

#[test]
fn rejected_lines_are_named_within_bounds() {
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
        assert_eq!(answer.rejected_lines(body, shorten), expected, "{lines}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_quoted() {
    let refused: Vec<_> = (1..=1_000)
        .map(|line| format!(r#"{{"line":{line},"error":"{}"}}"#, "x".repeat(200)))
        .collect();
    let body = format!(
        r#"{{"linesOk":7,"linesInvalid":1000,"error":{{"code":400,"message":"{}","invalidLines":[{}]}}}}"#,
        "1000 invalid lines",
        refused.join(",")
    );
    let whole = Answer::parse(body.as_bytes()).expect("an object");
    assert_eq!(whole.line_numbers.len(), 1_000);
    for end in [20, 40, 70, 100, 300, 65_536, body.len() - 1] {
        let part = Answer::parse(&body.as_bytes()[..end]).expect("the beginning of an object");
        assert_eq!(part.ok, Some(7), "{end}");
        assert_eq!(part.invalid, (end >= 40).then_some(1_000), "{end}");
        assert_eq!(part.message.is_some(), end >= 100, "{end}");
    }
    for end in 0..body.len().min(1_000) {
        // Whatever is there, nothing but that is seen.
        let part = Answer::parse(&body.as_bytes()[..end]);
        assert!(part.is_none_or(|part| part.ok == Some(7) || part.ok == Some(0)));
    }
}

#[test]
fn a_text_in_place_of_an_error_is_its_message() {
    let answer = Answer::parse(br#"{"error":"Unauthorized","linesOk":1}"#).expect("an object");
    assert_eq!(answer.message.as_deref(), Some("Unauthorized"));
    assert_eq!(answer.ok, Some(1));
}
