use std::collections::BTreeSet;

use opentelemetry_sdk::metrics::Temporality;
use proptest::prelude::*;
use reqwest::header::HeaderMap;

use crate::dynatrace::config::protocol::{Compression, Format, Protocol};
use crate::dynatrace::encode::body::Body;
use crate::line::{Series, series};

fn texts(bodies: &[Body]) -> Vec<&str> {
    bodies.iter().map(Body::text).collect()
}

#[test]
fn a_request_has_no_copy_of_the_lines() {
    let body = Body::of("a count,delta=1");
    let protocol = Protocol {
        format: Format::Lines,
        headers: HeaderMap::new(),
        temporality: Temporality::Delta,
        is_for_collector: false,
        compression: Compression::None,
    };
    let (request, encoding) = body.to_request(&protocol);
    let sent = request.as_bytes().expect("not a stream");
    assert_eq!((sent, encoding), (body.bytes(), None));
    assert_eq!(sent.as_ptr(), body.bytes().as_ptr());
}

#[test]
fn data_and_metadata_are_distinguished() {
    let body =
        Body::of("#a count dt.meta.unit=1\na count,delta=1\n#b gauge dt.meta.unit=1\nb gauge,1");
    assert_eq!((body.points, body.all_lines()), (2, 4));
    assert_eq!(body.metadata_numbers().collect::<Vec<_>>(), [1, 3]);
    let plain = Body::of("a count,delta=1");
    assert_eq!(plain.metadata_numbers().count(), 0);
}

#[test]
fn metadata_stays_before_its_data() {
    let cases: [(&str, &[&str]); 6] = [
        ("a\nb\nc", &["a", "b\nc"]),
        ("#a\na\nb", &["#a\na", "b"]),
        ("a\n#b\nb\nc\nd", &["a\n#b\nb", "c\nd"]),
        ("#a\na\n#b\nb", &["#a\na", "#b\nb"]),
        ("#a\na", &["a"]),
        ("#a\n#b\nb", &["b"]),
    ];
    for (text, expected) in cases {
        let body = Body::of(text);
        assert!(body.is_divisible());
        assert_eq!(texts(&body.divide()), expected, "{text}");
    }
    assert!(!Body::of("a").is_divisible());
}

#[test]
fn lines_of_a_series_are_taken_out() {
    let body = Body::of("#a gauge\na,k=1 gauge,1\n#b gauge\nb gauge,2\na,k=2 gauge,3");
    let dead = |line| BTreeSet::from([Series::of(series(line))]);
    assert!(body.without(&dead("c gauge,1")).is_none());
    let (rest, apart) = body.without(&dead("a,k=1 gauge,7")).expect("it is there");
    let rest = rest.expect("there are others");
    assert_eq!(rest.text(), "#a gauge\n#b gauge\nb gauge,2\na,k=2 gauge,3");
    assert_eq!((rest.points, rest.all_lines()), (2, 4));
    let [(series, letter)] = &apart[..] else {
        panic!("{apart:?}")
    };
    assert_eq!((letter.text(), *series), ("a,k=1 gauge,1", letter.series()));
    let single = Body::of("#a gauge\na gauge,1");
    let (rest, apart) = single.without(&dead("a")).expect("it is there");
    assert_eq!((rest, apart.len()), (None, 1), "metadata alone is not sent");
}

proptest! {
    #[test]
    fn nothing_is_lost_by_dividing(mut lines in prop::collection::vec("#?[a-z]{1,3}", 0..30)) {
        // Metadata has its data behind it.
        lines.extend(["y".into(), "z".into()]);
        let body = Body::of(&lines.join("\n"));
        let parts = body.divide();
        prop_assert_eq!(parts.len(), 2);
        prop_assert_eq!(texts(&parts).join("\n"), body.text());
        prop_assert_eq!(parts.iter().map(|part| part.points).sum::<u64>(), body.points);
        for part in parts {
            prop_assert_eq!(&part, &Body::of(part.text()));
            prop_assert!(part.points > 0 && part.points <= body.points.div_ceil(2));
        }
    }
}
