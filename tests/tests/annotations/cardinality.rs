//! Series that come and go: bounded, and never at the price of a count.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::export::Program;
use crate::common::log::Log;
use crate::common::{AMPLE, NEVER, server, to};
use dt_metrics::dynatrace::DeliveryEvent;
use dt_metrics::{DimensionValue, count, counted, gauge, measured, record, timed, up_down_counter};
use dt_metrics_local::Server;
use opentelemetry_sdk::metrics::{Instrument, Stream};

#[counted(name = "cardinality.million", dims(id = id))]
fn million(id: u64) {
    let _ = id;
}

#[counted(name = "cardinality.wave", cardinality_limit = 10, dims(wave = wave, id = id))]
fn wave(wave: u64, id: u64) {
    let _ = (wave, id);
}

#[timed(name = "cardinality.timed", unit = "ms", cardinality_limit = 10, dims(id = id))]
fn timed_by(id: u64, during: impl FnOnce()) {
    let _ = id;
    during();
}

/// Many series of each kind: more than the SDK keeps of one instrument.
const MANY: u64 = 10_000;
const KINDS: [&str; 4] = ["many.count", "many.values", "many.gauge", "many.level"];

fn measure_many() {
    for id in 0..MANY {
        count!("many.count", dims(id = id));
        record!("many.values", 1.0, dims(id = id));
        gauge!("many.gauge", 1.0, dims(id = id));
        up_down_counter!("many.level", 1, dims(id = id));
    }
}

#[counted(name = "many.annotated", cardinality_limit = 5_001, dims(id = id))]
fn annotated(id: u64) {
    let _ = id;
}

/// The different series of a metric, and its overflow series among them.
fn series(server: &Server, key: &str) -> (usize, bool) {
    let lines = server.lines();
    let of_key = lines.iter().filter(|line| line.key == key);
    let ids: BTreeSet<_> = of_key.clone().map(|line| line.dimension("id")).collect();
    let overflow = of_key
        .clone()
        .any(|line| line.dimension("otel.metric.overflow").is_some());
    (ids.len(), overflow)
}

/// The number of lines of a metric with this overflow mark.
fn lines(server: &Server, key: &str, overflow: bool) -> usize {
    let lines = server.lines();
    let of_key = lines.iter().filter(|line| line.key == key);
    let marked = |line: &&dt_metrics_local::Line| {
        (line.dimension("otel.metric.overflow") == Some("true")) == overflow
    };
    of_key.filter(marked).count()
}

#[test]
fn a_million_combinations_are_bounded_and_their_total_is_exact() {
    const COMBINATIONS: u64 = 1_000_000;
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    std::thread::scope(|scope| {
        for quarter in 0..4 {
            scope.spawn(move || {
                (0..COMBINATIONS / 4).for_each(|i| million(i * 4 + quarter));
            });
        }
    });
    metrics.flush(AMPLE).unwrap();
    assert_eq!(
        server.counter_total("cardinality.million", &[]),
        COMBINATIONS as f64
    );
    let overflow = [("otel.metric.overflow", "true")];
    let beyond = server.counter_total("cardinality.million", &overflow);
    assert_eq!(beyond, (COMBINATIONS - 2_000) as f64);
    assert_eq!(lines(&server, "cardinality.million", false), 2_000);

    // They stop: their places are given back, and a new combination has a series of its own.
    for _ in 0..10 {
        metrics.flush(AMPLE).unwrap();
    }
    million(u64::MAX);
    metrics.flush(AMPLE).unwrap();
    let id = u64::MAX.to_string();
    assert_eq!(
        server.counter_total("cardinality.million", &[("id", &id)]),
        1.0
    );
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn each_wave_of_combinations_finds_room_and_old_ones_come_back() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for round in 0..5 {
        for id in 0..10 {
            wave(round, id);
            // One that never stops.
            wave(99, 0);
        }
        for _ in 0..6 {
            wave(99, 0);
            metrics.flush(AMPLE).unwrap();
        }
    }
    // The series that stays takes the place of the tenth of each wave.
    let overflow = [("otel.metric.overflow", "true")];
    assert_eq!(server.counter_total("cardinality.wave", &overflow), 5.0);
    assert_eq!(
        server.counter_total("cardinality.wave", &[("wave", "99")]),
        80.0
    );
    assert_eq!(server.counter_total("cardinality.wave", &[]), 130.0);
    wave(0, 0);
    metrics.shutdown(AMPLE).unwrap();
    let again = [("wave", "0"), ("id", "0")];
    assert_eq!(server.counter_total("cardinality.wave", &again), 2.0);
}

#[test]
fn a_timer_keeps_its_series_while_it_runs() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    timed_by(1, || {
        // Idle for long, but not over: its place is not given to another.
        for id in 100..130 {
            timed_by(id, || ());
            metrics.flush(AMPLE).unwrap();
        }
    });
    metrics.shutdown(AMPLE).unwrap();
    let summaries = server.lines();
    let count = |id: &str| {
        let of_id = |line: &&dt_metrics_local::Line| {
            line.key == "cardinality.timed" && line.dimension("id") == Some(id)
        };
        summaries.iter().filter(of_id).count()
    };
    assert_eq!(count("1"), 1);
    assert_eq!(
        (100..130).map(|id| count(&id.to_string())).sum::<usize>(),
        30
    );
    assert_eq!(lines(&server, "cardinality.timed", true), 0);
}

#[test]
fn all_series_below_the_limit_of_the_builder_arrive_and_come_back_in_later_pushes() {
    own_process!();
    let server = server();
    let metrics = to(&server).cardinality_limit(20_000).install().unwrap();
    for round in 1..=2 {
        measure_many();
        metrics.flush(AMPLE).unwrap();
        for key in KINDS {
            let (ids, overflow) = series(&server, key);
            assert_eq!((ids as u64, overflow), (MANY, false), "{key}");
        }
        let total = server.counter_total("many.count", &[]);
        assert_eq!(total, (round * MANY) as f64);
        // The scope of a further stream leaves no trace.
        let lines = server.lines();
        let keys: BTreeSet<_> = lines
            .iter()
            .filter(|line| line.key.starts_with("many."))
            .flat_map(|line| line.dimensions.iter().map(|(key, _)| key))
            .collect();
        assert_eq!(
            keys.into_iter().map(String::as_str).collect::<Vec<_>>(),
            ["dt.metrics.source", "id"]
        );
    }
    assert_eq!(metrics.health().points_in_overflow_series, 0);
    // Without one of a `flush` before it: all that the shutdown collects.
    (0..MANY).for_each(|id| count!("many.count", dims(id = id)));
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(server.counter_total("many.count", &[]), (3 * MANY) as f64);
}

#[test]
fn the_limit_of_an_annotation_is_exact_on_both_sides() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    (0..5_001).for_each(annotated);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(series(&server, "many.annotated"), (5_001, false));
    assert_eq!(metrics.health().points_in_overflow_series, 0);
    annotated(5_001);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(series(&server, "many.annotated"), (5_002, true));
    assert_eq!(metrics.health().points_in_overflow_series, 1);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn a_provider_of_the_programs_own_takes_all_series_and_its_views_apply_to_each() {
    own_process!();
    let program = Program::with_view(|instrument: &Instrument| {
        let renamed = Stream::builder().with_name("renamed").build().ok()?;
        (instrument.name() == "many.annotated").then_some(renamed)
    });
    let metrics = dt_metrics::attach(&program.provider).unwrap();
    (0..5_001).for_each(annotated);
    metrics.flush(AMPLE).unwrap();
    program.exporter.flush(AMPLE).unwrap();
    assert_eq!(series(&program.server, "renamed"), (5_001, false));
    assert_eq!(series(&program.server, "many.annotated"), (0, false));
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn merged_series_are_in_health_and_told_to_the_program() {
    own_process!();
    let server = server();
    let log = Log::install();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = told.clone();
    let metrics = to(&server)
        .on_delivery_event(move |event| listener.lock().unwrap().push(event.clone()))
        .install()
        .unwrap();
    (0..12).for_each(|id| wave(0, id));
    metrics.flush(AMPLE).unwrap();
    wave(1, 0);
    metrics.flush(AMPLE).unwrap();
    assert_eq!(metrics.health().points_in_overflow_series, 2);
    metrics.shutdown(AMPLE).unwrap();
    let told = told.lock().unwrap();
    let merged = |event: &&DeliveryEvent| matches!(event, DeliveryEvent::SeriesMerged { .. });
    let first = told.iter().find(merged).unwrap();
    assert_eq!(
        *first,
        DeliveryEvent::SeriesMerged {
            points: 1,
            metric: Some("cardinality.wave".to_owned())
        }
    );
    assert!(first.to_string().contains("`cardinality_limit`"), "{first}");
    let text = log.text();
    let warnings = text
        .lines()
        .filter(|line| line.starts_with("WARN") && line.contains("cardinality.wave"));
    assert_eq!(warnings.count(), 1, "{text}");
}

#[test]
fn a_limit_of_the_programs_own_view_counts_and_one_warning_names_it() {
    own_process!();
    let server = server();
    let log = Log::install();
    let metrics = to(&server)
        .cardinality_limit(20_000)
        .configure_provider(|provider| {
            provider.with_view(|instrument: &Instrument| {
                let limited = Stream::builder().with_cardinality_limit(7).build().ok()?;
                (instrument.name() == "many.annotated").then_some(limited)
            })
        })
        .push_interval(NEVER)
        .install()
        .unwrap();
    for _ in 0..3 {
        (0..50).for_each(annotated);
        metrics.flush(AMPLE).unwrap();
    }
    assert_eq!(series(&server, "many.annotated"), (8, true));
    assert_eq!(server.counter_total("many.annotated", &[]), 150.0);
    assert_eq!(metrics.health().points_in_overflow_series, 3);
    metrics.shutdown(AMPLE).unwrap();
    let text = log.text();
    let warnings: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("WARN") && line.contains("many.annotated"))
        .collect();
    assert_eq!(warnings.len(), 1, "{text}");
    assert!(warnings[0].contains("limit of the view"), "{text}");
}

#[derive(Clone, Copy, DimensionValue)]
enum Size {
    Small,
    Medium,
    Large,
    Huge,
}

const SIZES: [Size; 4] = [Size::Small, Size::Medium, Size::Large, Size::Huge];

#[counted(name = "enums.counted", dims(size = size, cold = cold))]
#[timed(name = "enums.timed", dims(size = size, cold = cold))]
fn store(size: Size, cold: bool) {
    gauge!("enums.gauge", 1, dims(size = size, cold = cold));
    up_down_counter!("enums.level", 1, dims(size = size, cold = cold));
}

#[counted(name = "enums.literal", dims(kind = "a"))]
fn literal_a() {}

#[counted(name = "enums.literal", dims(kind = "b"))]
fn literal_b() {}

#[counted(name = "enums.literal", dims(size = size, kind = "enum"))]
fn literal_and_enum(size: Size) {
    let _ = size;
}

#[measured(name = "enums.measured")]
fn measured(fails: bool) -> Result<(), ()> {
    if fails { Err(()) } else { Ok(()) }
}

/// Uses each combination of the values of enums.
fn use_all_combinations() {
    for size in SIZES {
        store(size, false);
        store(size, true);
        literal_and_enum(size);
    }
    literal_a();
    literal_b();
    measured(false).unwrap_or_default();
    measured(true).unwrap_or_default();
    let panics = || {
        #[measured(name = "enums.measured")]
        fn panics() -> Result<(), ()> {
            std::panic::resume_unwind(Box::new("on purpose"))
        }
        panics()
    };
    std::panic::catch_unwind(panics).unwrap_err();
}

/// The series that all combinations have.
fn expect_all_combinations(server: &Server) {
    let series = |key: &str| {
        let of_key = server.lines().into_iter().filter(|line| line.key == key);
        let keys = ["size", "cold", "kind", "outcome", "otel.metric.overflow"];
        let dimensions =
            |line: dt_metrics_local::Line| keys.map(|key| line.dimension(key).map(str::to_owned));
        let series: BTreeSet<_> = of_key.map(dimensions).collect();
        assert!(
            series.iter().all(|[.., overflow]| overflow.is_none()),
            "{key}"
        );
        series.len()
    };
    for key in ["counted", "timed", "level", "gauge"] {
        assert_eq!(series(&format!("enums.{key}")), 8, "{key}");
    }
    assert_eq!(series("enums.literal"), 6);
    assert_eq!(series("enums.measured.calls"), 3);
    assert_eq!(series("enums.measured.duration"), 3);
}

#[test]
fn the_last_series_of_an_enum_has_room_if_it_is_used_after_the_installation() {
    own_process!();
    let server = server();
    let metrics = to(&server).install().unwrap();
    for pushes in 1..4 {
        use_all_combinations();
        metrics.flush(AMPLE).unwrap();
        expect_all_combinations(&server);
        let total = server.counter_total("enums.counted", &[]);
        assert_eq!(total, f64::from(8 * pushes));
    }
    assert_eq!(metrics.health().points_in_overflow_series, 0);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn the_last_series_of_an_enum_has_room_if_it_is_used_before_the_installation() {
    own_process!();
    use_all_combinations();
    let server = server();
    let metrics = to(&server).install().unwrap();
    metrics.flush(AMPLE).unwrap();
    expect_all_combinations(&server);
    use_all_combinations();
    metrics.flush(AMPLE).unwrap();
    expect_all_combinations(&server);
    assert_eq!(server.counter_total("enums.literal", &[]), 12.0);
    assert_eq!(metrics.health().points_in_overflow_series, 0);
    metrics.shutdown(AMPLE).unwrap();
}

#[test]
fn the_schedule_pushes_an_enum_that_is_used_after_the_installation() {
    own_process!();
    let server = server();
    let interval = Duration::from_millis(50);
    let metrics = to(&server).push_interval(interval).install().unwrap();
    store(Size::Huge, true);
    let deadline = Instant::now() + AMPLE;
    while server.counter_total("enums.counted", &[]) < 1.0 {
        assert!(Instant::now() < deadline, "nothing came");
        std::thread::sleep(interval);
    }
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(server.counter_total("enums.counted", &[]), 1.0);
}
