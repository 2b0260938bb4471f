use crate::dynatrace::encode::lines::metric_cache::{MAX_CHANGES, MAX_KEYS, Metadata, Statement};
use crate::line::{MetricKey, MetricType};

fn key(name: &str) -> MetricKey {
    MetricKey::new(name).expect("a key")
}

/// A cycle in which these units and descriptions are given for one key, and the line it has.
fn cycle(metadata: &mut Metadata, given: &[(&str, &str)]) -> (Vec<Statement>, String) {
    let key = key("m");
    let statements = given
        .iter()
        .map(|(unit, description)| metadata.state(&key, unit, description))
        .collect();
    let mut line = String::new();
    metadata.write_due(&mut line, &key, MetricType::Count);
    if !line.is_empty() {
        metadata.written(&key, MetricType::Count);
    }
    metadata.end_cycle();
    (statements, line)
}

const MS: &str = "#m count dt.meta.unit=ms";
const MS_TIME: &str = "#m count dt.meta.unit=ms,dt.meta.description=Time";
const MS_SPAN: &str = "#m count dt.meta.unit=ms,dt.meta.description=Span";

#[test]
fn a_key_is_described_once_until_it_changes() {
    use Statement::{Known, New};
    let mut metadata = Metadata::default();
    for (given, statement, line) in [
        (("", ""), Known, ""),
        (("ms", ""), New, MS),
        (("ms", ""), Known, ""),
        (("", ""), Known, ""),
        (("ms", "Time"), New, MS_TIME),
        (("ms", "Time"), Known, ""),
        (("", "Time"), Known, ""),
        (("ms", "Span"), New, MS_SPAN),
        (("ms", "Span"), Known, ""),
    ] {
        let expected = (vec![statement], line.to_owned());
        assert_eq!(cycle(&mut metadata, &[given]), expected, "{given:?}");
    }
}

#[test]
fn two_that_disagree_are_both_not_described() {
    use Statement::{Disputed, Known, New};
    for (given, statements) in [
        ([("ms", "Time"), ("ms", "Span")], [New, Disputed]),
        ([("ms", "Time"), ("s", "Time")], [New, Disputed]),
        ([("", "Time"), ("s", "Span")], [New, Disputed]),
    ] {
        let mut metadata = Metadata::default();
        let expected = (statements.to_vec(), String::new());
        assert_eq!(cycle(&mut metadata, &given), expected);
        let expected = (vec![Known, Known], String::new());
        assert_eq!(cycle(&mut metadata, &given), expected);
    }
    // What one leaves out the other may say.
    let mut metadata = Metadata::default();
    let (_, line) = cycle(&mut metadata, &[("ms", ""), ("", "Time"), ("ms", "Time")]);
    assert_eq!(line, MS_TIME);
}

#[test]
fn one_that_was_told_is_in_dispute_when_another_comes_beside_it() {
    let mut metadata = Metadata::default();
    assert_eq!(cycle(&mut metadata, &[("ms", "Time")]).1, MS_TIME);
    let (statements, line) = cycle(&mut metadata, &[("ms", "Span"), ("ms", "Time")]);
    assert!(statements.contains(&Statement::Disputed));
    assert_eq!(line, "");
}

#[test]
fn two_that_take_turns_are_in_dispute() {
    let mut metadata = Metadata::default();
    assert_eq!(cycle(&mut metadata, &[("ms", "Time")]).1, MS_TIME);
    assert_eq!(cycle(&mut metadata, &[("ms", "Span")]).1, MS_SPAN);
    let (statements, line) = cycle(&mut metadata, &[("ms", "Time")]);
    assert_eq!((statements, line.as_str()), (vec![Statement::Disputed], ""));
    assert_eq!(cycle(&mut metadata, &[("ms", "Span")]).1, "");
}

#[test]
fn a_text_that_changes_all_the_time_is_none() {
    let mut metadata = Metadata::default();
    let described = (0..20)
        .filter(|index| {
            !cycle(&mut metadata, &[("", &format!("{index}"))])
                .1
                .is_empty()
        })
        .count();
    assert_eq!(described, MAX_CHANGES);
}

#[test]
fn each_type_of_a_key_is_described() {
    let mut metadata = Metadata::default();
    let key = key("m");
    metadata.state(&key, "ms", "");
    for metric_type in [MetricType::Count, MetricType::Gauge] {
        for due in [true, false] {
            let mut line = String::new();
            metadata.write_due(&mut line, &key, metric_type);
            assert_eq!(!line.is_empty(), due);
            metadata.written(&key, metric_type);
        }
    }
}

#[test]
fn what_was_lost_is_said_again() {
    let mut metadata = Metadata::default();
    assert_eq!(cycle(&mut metadata, &[("ms", "")]).1, MS);
    metadata.lost("other");
    assert_eq!(cycle(&mut metadata, &[("ms", "")]).1, "");
    metadata.lost("m");
    assert_eq!(cycle(&mut metadata, &[("ms", "")]).1, MS);
}

#[test]
fn keys_are_bounded_and_idle_ones_go_first() {
    let mut metadata = Metadata::default();
    for index in 0..MAX_KEYS {
        metadata.state(&key(&format!("m{index}")), "s", "");
    }
    assert_eq!(cycle(&mut metadata, &[("ms", "")]).1, MS);
    assert_eq!(metadata.by_key.len(), MAX_KEYS + 1);
    assert_eq!(cycle(&mut metadata, &[("ms", "")]).1, "");
    assert_eq!(metadata.by_key.len(), 1);
}
