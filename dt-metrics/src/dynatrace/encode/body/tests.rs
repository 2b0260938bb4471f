use crate::dynatrace::encode::body::Body;
use proptest::prelude::*;

fn texts(bodies: &[Body]) -> Vec<&str> {
    bodies.iter().map(Body::text).collect()
}

#[test]
fn data_and_metadata_are_told_apart() {
    let body =
        Body::of("#a count dt.meta.unit=1\na count,delta=1\n#b gauge dt.meta.unit=1\nb gauge,1");
    assert_eq!((body.points, body.all_lines()), (2, 4));
    assert_eq!(body.metadata_numbers().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(body.described_keys().collect::<Vec<_>>(), ["a", "b"]);
    let plain = Body::of("a count,delta=1");
    assert_eq!(plain.metadata_numbers().count(), 0);
    assert_eq!(plain.described_keys().count(), 0);
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

proptest! {
    #[test]
    fn nothing_is_lost_by_dividing(mut lines in prop::collection::vec("#?[a-z]{1,3}", 0..30)) {
        // Metadata has its data behind it.
        lines.extend(["y".into(), "z".into()]);
        let body = Body::of(&lines.join("\n"));
        let parts = body.divide();
        prop_assert_eq!(parts.len(), 2);
        prop_assert_eq!(texts(&parts).join("\n"), body.text());
        prop_assert_eq!(parts.iter().map(|part| part.lines).sum::<u64>(), body.points);
        for part in parts {
            prop_assert_eq!(&part, &Body::of(part.text()));
            prop_assert!(part.lines > 0 && part.lines <= body.points.div_ceil(2));
        }
    }
}
