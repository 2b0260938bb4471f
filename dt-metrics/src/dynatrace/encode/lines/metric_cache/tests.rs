use std::time::Duration;

use tokio::time::Instant;

use crate::dynatrace::encode::lines::metric_cache::{
    MAX_CHANGES, MAX_IDLE_KEYS, MetadataCache, MetricCache, RESTATE_AFTER, Statement,
};
use crate::line::{MetricKey, MetricType};

fn key_of(metrics: &mut MetricCache, name: &str) -> Option<(String, bool)> {
    let metric = metrics.get(name);
    let key = metric.key.as_ref()?;
    Some((key.as_str().to_owned(), metric.is_altered))
}

#[test]
fn a_key_is_made_once_and_forgotten_when_idle() {
    let mut metrics = MetricCache::new(Some("shop".into()));
    let address = |metrics: &mut MetricCache| {
        metrics
            .get("orders")
            .key
            .as_ref()
            .map(|key| key.as_str().as_ptr())
    };
    let first = address(&mut metrics);
    metrics.end_generation();
    assert_eq!(address(&mut metrics), first);
    metrics.end_generation();
    metrics.end_generation();
    metrics.end_generation();
    assert!(metrics.by_name.len() == 0);
}

#[test]
fn a_key_that_is_not_its_name_is_known_for_it() {
    let long = "x".repeat(255);
    let cases = [
        (None, "orders", Some(("orders", false))),
        (None, "orders placed", Some(("orders_placed", true))),
        (None, "a..b", Some(("a.b", true))),
        (None, &long, Some((long.as_str(), false))),
        (None, ".orders", None),
        (Some("shop"), "orders", Some(("shop.orders", false))),
        (Some("shop"), "1 order", Some(("shop.1_order", true))),
    ];
    for (prefix, name, expected) in cases {
        let mut metrics = MetricCache::new(prefix.map(Into::into));
        let expected = expected.map(|(key, altered)| (key.to_owned(), altered));
        assert_eq!(key_of(&mut metrics, name), expected, "{name}");
    }
    let mut metrics = MetricCache::new(Some("shop".into()));
    assert_eq!(
        key_of(&mut metrics, &long).map(|(_, altered)| altered),
        Some(true)
    );
}

#[test]
fn units_are_sent_in_ucum_or_not_at_all() {
    let mut metrics = MetricCache::new(None);
    let cases = [
        ("milliseconds", Some("ms")),
        ("ms", Some("ms")),
        ("", Some("")),
        ("per second", None),
        ("milliseconds", Some("ms")),
    ];
    for (unit, expected) in cases {
        let metric = metrics.get("m");
        metric.set_unit(unit);
        assert_eq!(metric.sent_unit.as_deref(), expected, "{unit}");
    }
}

#[test]
fn reserved_keys_are_none() {
    let key_of = |prefix: Option<&str>, name| {
        let mut metrics = MetricCache::new(prefix.map(Into::into));
        metrics.get(name).key.as_ref().map(ToString::to_string)
    };
    assert_eq!(key_of(None, "dt.cpu"), None);
    assert_eq!(key_of(None, "dtx.cpu").as_deref(), Some("dtx.cpu"));
    assert_eq!(key_of(None, "dt").as_deref(), Some("dt"));
    assert_eq!(
        key_of(Some("shop"), "dt.cpu").as_deref(),
        Some("shop.dt.cpu")
    );
}

fn key(name: &str) -> MetricKey {
    MetricKey::new(name).expect("a key")
}

/// Collects at `now` with these units and descriptions of one key; returns the line of the key.
fn collect_at(
    metadata: &mut MetadataCache,
    now: Instant,
    given: &[(&str, &str)],
) -> (Vec<Statement>, String) {
    let key = key("m");
    let statements = given
        .iter()
        .map(|(unit, description)| metadata.state(&key, unit, description, now))
        .collect();
    let mut line = String::new();
    metadata.write_due(&mut line, &key, MetricType::Count, now);
    if !line.is_empty() {
        metadata.written(&key, MetricType::Count, now, true);
    }
    metadata.end_generation();
    (statements, line)
}

fn collect(metadata: &mut MetadataCache, given: &[(&str, &str)]) -> (Vec<Statement>, String) {
    collect_at(metadata, Instant::now(), given)
}

const MS: &str = "#m count dt.meta.unit=ms";
const MS_TIME: &str = "#m count dt.meta.unit=ms,dt.meta.description=Time";
const MS_SPAN: &str = "#m count dt.meta.unit=ms,dt.meta.description=Span";

#[test]
fn a_key_is_described_once_until_it_changes() {
    use Statement::{Known, New};
    let mut metadata = MetadataCache::new();
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
        assert_eq!(collect(&mut metadata, &[given]), expected, "{given:?}");
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
        let mut metadata = MetadataCache::new();
        let expected = (statements.to_vec(), String::new());
        assert_eq!(collect(&mut metadata, &given), expected);
        let expected = (vec![Known, Known], String::new());
        assert_eq!(collect(&mut metadata, &given), expected);
    }
    // A property that one metric leaves out may come from the other metric.
    let mut metadata = MetadataCache::new();
    let (_, line) = collect(&mut metadata, &[("ms", ""), ("", "Time"), ("ms", "Time")]);
    assert_eq!(line, MS_TIME);
}

#[test]
fn sent_metadata_is_disputed_when_other_metadata_follows() {
    let mut metadata = MetadataCache::new();
    assert_eq!(collect(&mut metadata, &[("ms", "Time")]).1, MS_TIME);
    let (statements, line) = collect(&mut metadata, &[("ms", "Span"), ("ms", "Time")]);
    assert!(statements.contains(&Statement::Disputed));
    assert_eq!(line, "");
}

#[test]
fn two_that_take_turns_are_in_dispute() {
    let mut metadata = MetadataCache::new();
    assert_eq!(collect(&mut metadata, &[("ms", "Time")]).1, MS_TIME);
    assert_eq!(collect(&mut metadata, &[("ms", "Span")]).1, MS_SPAN);
    let (statements, line) = collect(&mut metadata, &[("ms", "Time")]);
    assert_eq!((statements, line.as_str()), (vec![Statement::Disputed], ""));
    assert_eq!(collect(&mut metadata, &[("ms", "Span")]).1, "");
}

#[test]
fn a_text_that_changes_all_the_time_is_none() {
    let mut metadata = MetadataCache::new();
    let described = (0..20)
        .filter(|index| {
            !collect(&mut metadata, &[("", &format!("{index}"))])
                .1
                .is_empty()
        })
        .count();
    assert_eq!(described, MAX_CHANGES);
}

#[test]
fn each_type_of_a_key_is_described() {
    let mut metadata = MetadataCache::new();
    let key = key("m");
    metadata.state(&key, "ms", "", Instant::now());
    for metric_type in [MetricType::Count, MetricType::Gauge] {
        for due in [true, false] {
            let mut line = String::new();
            let now = Instant::now();
            metadata.write_due(&mut line, &key, metric_type, now);
            assert_eq!(!line.is_empty(), due);
            metadata.written(&key, metric_type, now, true);
        }
    }
}

#[test]
fn a_line_is_due_again_after_a_while() {
    let mut metadata = MetadataCache::new();
    let start = Instant::now();
    for (after, line) in [
        (Duration::ZERO, MS),
        (RESTATE_AFTER / 2, ""),
        (RESTATE_AFTER, MS),
        (RESTATE_AFTER * 3 / 2, ""),
        (RESTATE_AFTER * 2, MS),
    ] {
        let collected = collect_at(&mut metadata, start + after, &[("ms", "")]);
        assert_eq!(collected.1, line, "{after:?}");
    }
}

#[test]
fn a_line_that_no_request_holds_is_due_when_it_changes() {
    let mut metadata = MetadataCache::new();
    let (key, start) = (key("m"), Instant::now());
    metadata.state(&key, "ms", "", start);
    metadata.written(&key, MetricType::Count, start, false);
    let later = start + RESTATE_AFTER * 2;
    assert_eq!(collect_at(&mut metadata, later, &[("ms", "")]).1, "");
    assert_eq!(
        collect_at(&mut metadata, later, &[("ms", "Time")]).1,
        MS_TIME
    );
}

#[test]
fn keys_are_bounded_and_idle_ones_are_forgotten_first() {
    let mut metadata = MetadataCache::new();
    for index in 0..MAX_IDLE_KEYS {
        metadata.state(&key(&format!("m{index}")), "s", "", Instant::now());
    }
    assert_eq!(collect(&mut metadata, &[("ms", "")]).1, MS);
    assert_eq!(metadata.by_key.len(), MAX_IDLE_KEYS + 1);
    for expected in [MAX_IDLE_KEYS + 1, 1, 1] {
        assert_eq!(collect(&mut metadata, &[("ms", "")]).1, "");
        assert_eq!(metadata.by_key.len(), expected);
    }
}
