//! Tests of the texts of faults, and of the plan.

use std::time::Duration;

use super::{Fault, Faults, Taken};
use crate::server::error::FaultError;
use crate::server::response::Answer;

fn take(faults: &Faults) -> Fault {
    match faults.take(b"a gauge,1", None) {
        Taken::Fault(fault) => fault,
        Taken::Hold(_) => Fault::Hold,
    }
}

#[test]
fn every_text_names_its_fault() {
    let seconds = Duration::from_secs;
    let cases = [
        ("none", Fault::None),
        ("hold", Fault::Hold),
        ("503", 503.into()),
        ("429=30", Answer::new(429).retry_after(seconds(30)).into()),
        (
            "503=date+30",
            Answer::new(503).retry_after_date(seconds(30)).into(),
        ),
        ("html", Answer::html(200).into()),
        ("html=403", Answer::html(403).into()),
        (
            "redirect=http://other.example:8080/a?b=c",
            Answer::redirect("http://other.example:8080/a?b=c").into(),
        ),
        ("echo-authorization", Fault::EchoAuthorization(401)),
        ("echo-authorization=400", Fault::EchoAuthorization(400)),
        ("refuse-lines=2", Fault::RefuseLines(2)),
        ("body-limit=1000", Fault::BodyLimit(1_000)),
        ("reset", Fault::ResetBeforeReading),
        ("reset-before-reading", Fault::ResetBeforeReading),
        ("reset-after-reading", Fault::ResetAfterReading),
        ("silent", Fault::SilentBeforeReading),
        ("silent-before-reading", Fault::SilentBeforeReading),
        ("silent-after-reading", Fault::SilentAfterReading),
        ("delay=1.5", Fault::Delay(Duration::from_millis(1_500))),
        (
            "slow-reading",
            Fault::SlowReading {
                bytes_per_second: 1,
            },
        ),
        (
            "slow-answer=100",
            Fault::SlowAnswer {
                bytes_per_second: 100,
            },
        ),
        ("endless-body", Fault::EndlessBody),
        ("endless-headers", Fault::EndlessHeaders),
    ];
    for (text, fault) in cases {
        assert_eq!(text.parse(), Ok(fault.clone()), "{text}");
        let is_answer = matches!(fault, Fault::Answer(_));
        assert!(is_answer || fault.name().starts_with(text.split('=').next().unwrap()));
    }
}

#[test]
fn other_texts_are_refused_with_the_expected_form() {
    for (text, message) in [
        ("", r#""" names no fault"#),
        ("later", r#""later" names no fault"#),
        ("100", "100 is not a final HTTP status (200 to 999)"),
        ("html=99", "99 is not a final HTTP status (200 to 999)"),
        ("none=1", r#"the fault "none=1" takes no value"#),
        ("redirect", r#"the fault "redirect" takes a URL"#),
        (
            "refuse-lines=x",
            r#"the fault "refuse-lines=x" takes a number of lines"#,
        ),
        ("delay=-1", r#"the fault "delay=-1" takes seconds"#),
        (
            "429=soon",
            r#"the fault "429=soon" takes the seconds of Retry-After, or date+seconds"#,
        ),
        (
            "slow-answer=0",
            "a pace is at least one byte per second; use a silent fault for no bytes at all",
        ),
        (
            "redirect=a\nb",
            r#"header "location" has a name or value that HTTP does not allow"#,
        ),
    ] {
        let error = text.parse::<Fault>().unwrap_err();
        assert_eq!(error.to_string(), message, "{text:?}");
    }
}

#[test]
fn planned_faults_come_before_permanent_ones() {
    let faults = Faults::default();
    assert_eq!(take(&faults), Fault::None);
    faults.always(503.into()).unwrap();
    faults.next(2, Fault::Hold).unwrap();
    faults.next(0, Fault::EndlessBody).unwrap();
    let taken: Vec<_> = (0..4).map(|_| take(&faults)).collect();
    assert_eq!(
        taken,
        [Fault::Hold, Fault::Hold, 503.into(), Fault::from(503)]
    );
    faults.next(1, Fault::Hold).unwrap();
    faults.recover();
    assert_eq!(take(&faults), Fault::None);
}

#[test]
fn a_text_in_the_body_has_its_fault_and_uses_up_no_other() {
    let faults = Faults::default();
    faults.next(1, 503.into()).unwrap();
    faults.containing("a gauge".into(), 404.into()).unwrap();
    faults.containing("b gauge".into(), Fault::Hold).unwrap();
    let with = |body: &[u8]| faults.take(body, None);
    for _ in 0..2 {
        assert!(
            matches!(with(b"b gauge,1\na gauge,1"), Taken::Fault(fault) if fault == 404.into())
        );
        assert!(matches!(with(b"b gauge,1"), Taken::Hold(_)));
    }
    assert!(matches!(with(b"c gauge,1"), Taken::Fault(fault) if fault == 503.into()));
    faults.release();
    assert!(matches!(with(b"b gauge,1"), Taken::Fault(Fault::None)));
    faults.recover();
    assert_eq!(take(&faults), Fault::None);
}

#[test]
fn only_faults_before_reading_are_taken_there() {
    let faults = Faults::default();
    faults.next(1, 503.into()).unwrap();
    faults.next(1, Fault::ResetBeforeReading).unwrap();
    assert_eq!(faults.take_before_reading(), None);
    assert_eq!(take(&faults), 503.into());
    assert_eq!(
        faults.take_before_reading(),
        Some(Fault::ResetBeforeReading)
    );
    assert_eq!(faults.take_before_reading(), None);
}

#[test]
fn one_seed_gives_one_sequence_by_the_weights() {
    let weighted = [
        (6, Fault::None),
        (3, Fault::SilentBeforeReading),
        (0, Fault::Hold),
        (1, 503.into()),
    ];
    let sequence = |seed| {
        let faults = Faults::default();
        faults.at_random(seed, &weighted).unwrap();
        // A look ahead, as each connection takes one, changes nothing.
        let taken = (0..1_000).map(|_| {
            faults
                .take_before_reading()
                .unwrap_or_else(|| take(&faults))
        });
        taken.collect::<Vec<_>>()
    };
    assert_eq!(sequence(7), sequence(7));
    assert_ne!(sequence(7), sequence(8));
    let count = |wanted: Fault| sequence(7).iter().filter(|fault| **fault == wanted).count();
    assert!((550..650).contains(&count(Fault::None)));
    assert!((250..350).contains(&count(Fault::SilentBeforeReading)));
    assert!((50..150).contains(&count(503.into())));
    assert_eq!(count(Fault::Hold), 0);
}

#[test]
fn unusable_values_are_refused_and_change_nothing() {
    let faults = Faults::default();
    let slow = Fault::SlowReading {
        bytes_per_second: 0,
    };
    assert_eq!(faults.next(1, slow.clone()), Err(FaultError::Pace));
    assert_eq!(faults.always(99.into()), Err(FaultError::Status(99)));
    assert_eq!(faults.at_random(1, &[]), Err(FaultError::Weights));
    assert_eq!(
        faults.at_random(1, &[(0, Fault::None)]),
        Err(FaultError::Weights)
    );
    assert_eq!(
        faults.at_random(1, &[(1, Fault::None), (1, slow)]),
        Err(FaultError::Pace)
    );
    assert_eq!(take(&faults), Fault::None);
}
