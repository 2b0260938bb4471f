//! Builders, handles and the memory that they take.

use std::thread;

use super::{BuildError, Counter, Gauge, Histogram, UpDownCounter};
use crate::descriptor::{Kind, Registration};
use crate::instrument::{made, total};
use crate::registry::catalog;
use crate::testing::{capture, capture_with};

fn message<I>(built: Result<I, BuildError>) -> String {
    built.err().unwrap().to_string()
}

#[test]
fn invalid_texts_are_errors_with_the_nearest_valid_one() {
    let name = |name: &str| message(Counter::builder(name).build());
    for (text, nearest) in [
        ("cache hits", Some("cache_hits")),
        ("dt.cache", Some("cache")),
        ("9.lives", Some("lives")),
        ("caché..hits", Some("cach_.hits")),
        ("", None),
        ("...", None),
    ] {
        let message = name(text);
        assert!(message.contains("instrument name"), "{message}");
        match nearest {
            Some(nearest) => assert!(message.ends_with(&format!("use `{nearest}`")), "{message}"),
            None => assert!(!message.contains("use `"), "{message}"),
        }
    }
    let key = message(Gauge::builder("run_time.key").dimension("Cache", 1).build());
    assert!(
        key.contains("dimension key") && key.ends_with("use `cache`"),
        "{key}"
    );
    let unit = message(
        Histogram::builder("run_time.unit")
            .unit("milli seconds")
            .build(),
    );
    assert!(unit.contains("not a valid unit"), "{unit}");
    let unit = message(Histogram::builder("run_time.unit").unit("\u{b5}s").build());
    assert!(unit.ends_with("use `us`"), "{unit}");
    let long = "x".repeat(65_536);
    let description = message(Counter::builder("run_time.long").description(long).build());
    assert!(description.contains("description"), "{description}");
    for boundaries in [
        vec![2.0, 1.0],
        vec![1.0, 1.0],
        vec![f64::NAN],
        vec![f64::INFINITY],
    ] {
        let built = Histogram::builder("run_time.boundaries")
            .boundaries(boundaries)
            .build();
        assert!(matches!(built, Err(BuildError::Boundaries)));
    }
    let names = [
        "run_time.key",
        "run_time.unit",
        "run_time.long",
        "run_time.boundaries",
    ];
    assert!(
        catalog()
            .iter()
            .all(|descriptor| !names.contains(&descriptor.name))
    );
}

#[test]
fn a_dimension_is_given_once() {
    let hits = Counter::builder("run_time.twice").dimension("shard", 1);
    let built = hits.clone().dimension("shard", 2).build();
    assert!(matches!(built, Err(BuildError::DimensionTwice { key }) if key == "shard"));
    let hits = hits.build().unwrap();
    assert!(hits.with([("shard", 1)]).is_err());
    assert!(hits.with([("a", 1), ("a", 2)]).is_err());
    assert!(hits.with([("Zone", 1)]).is_err());
    assert!(hits.with([("zone", 1)]).is_ok());
}

static ANNOTATED: crate::private::Counter = crate::private::Counter::new(
    crate::private::describe("run_time.annotated", "here").with_unit("By"),
    &[],
);

inventory::submit! { Registration(&ANNOTATED) }

#[test]
fn a_name_has_one_kind_and_one_unit_also_with_annotations() {
    let kind = Gauge::builder("run_time.Annotated").unit("By").build();
    assert!(matches!(kind, Err(BuildError::Conflict(_))), "{kind:?}");
    let unit = message(Counter::builder("run_time.annotated").unit("s").build());
    assert!(
        unit.contains("a counter in `By`") && unit.contains("a counter in `s`"),
        "{unit}"
    );
    assert!(
        Counter::builder("run_time.annotated")
            .description("Other words")
            .build()
            .is_ok()
    );
    drop(Counter::builder("run_time.both").unit("1").build().unwrap());
    let after = UpDownCounter::builder("run_time.both").unit("1").build();
    assert!(
        matches!(after, Err(BuildError::Conflict(_))),
        "the name keeps its kind"
    );
}

#[test]
fn the_same_definition_is_the_same_instrument_and_the_same_series() {
    let build = |shard| {
        let hits = Counter::builder("run_time.shared").dimension("shard", shard);
        hits.unit("{hit}").description("Hits").build().unwrap()
    };
    let (first, second, other) = (build(1), build(1), build(2));
    let bound = other.with([("zone", "a")]).unwrap();
    let seen = capture(|| {
        first.add(1);
        second.clone().add(2);
        other.add(4);
        bound.add(8);
        other
            .with(vec![("zone", String::from("a"))])
            .unwrap()
            .add(16);
    });
    let counter = || seen.counter("run_time.shared");
    assert_eq!(counter().with("shard", 1).value(), 3);
    assert_eq!(
        counter()
            .with("shard", 2)
            .with("zone", None::<&str>)
            .value(),
        4
    );
    assert_eq!(counter().with("shard", 2).with("zone", "a").value(), 24);
    let catalog = catalog();
    let listed = catalog.iter().filter(|d| d.name == "run_time.shared");
    let mut keys: Vec<_> = listed.map(|d| d.dimension_keys).collect();
    keys.sort_unstable();
    assert_eq!(keys, [&["shard"][..], &["shard", "zone"]]);
    let listed = catalog
        .iter()
        .find(|d| d.name == "run_time.shared")
        .unwrap();
    assert_eq!(
        (listed.kind, listed.unit, listed.description),
        (Kind::Counter, "{hit}", "Hits")
    );
    assert!(
        listed.file.ends_with("run_time/tests.rs"),
        "{}",
        listed.file
    );
}

fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}

#[test]
fn all_kinds_measure_on_any_thread() {
    let seen = capture(|| {
        let jobs = UpDownCounter::builder("run_time.jobs").build().unwrap();
        jobs.add(5);
        jobs.add(-7);
        let depth = Gauge::builder("run_time.depth").build().unwrap();
        depth.set(3);
        depth.set(2.5_f32);
        let sizes = Histogram::builder("run_time.sizes").boundaries([1.0, 2.0]);
        let sizes = sizes.build().unwrap();
        sizes.record(1_u8);
        sizes.record(2.5);
        sizes.record(f64::NAN);
    });
    assert_eq!(seen.up_down_counter("run_time.jobs").value(), -2);
    assert_eq!(seen.gauge("run_time.depth").value(), Some(2.5));
    assert_eq!(seen.histogram("run_time.sizes").values(), [1.0, 2.5]);

    let hits = Counter::builder("run_time.threads").build().unwrap();
    is_shared(&hits);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10_000).for_each(|_| hits.add(1)));
            let own = hits.clone();
            scope.spawn(move || (0..10_000).for_each(|_| own.add(1)));
        }
    });
    drop(hits);
    assert_eq!(total("run_time.threads"), 80_000);
}

#[test]
fn a_handle_that_is_used_and_dropped_with_its_threads_storage_is_counted() {
    struct Last(Counter);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.add(1);
            self.0.with([("late", true)]).unwrap().add(1);
        }
    }
    thread_local! {
        static BEFORE: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) };
        static AFTER: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) };
    }
    thread::spawn(|| {
        let build = || Last(Counter::builder("run_time.exit").build().unwrap());
        BEFORE.with(|it| *it.borrow_mut() = Some(build()));
        build().0.add(1);
        AFTER.with(|it| *it.borrow_mut() = Some(build()));
    })
    .join()
    .unwrap();
    // Two in storage, one that was dropped at once, and one addition before that.
    assert_eq!(total("run_time.exit"), 7);
}

#[test]
fn series_beyond_the_limit_are_merged() {
    let rows = Counter::builder("run_time.limited")
        .cardinality_limit(3)
        .build()
        .unwrap();
    for id in 0..10_u32 {
        rows.with([("id", id)]).unwrap().add(1);
    }
    assert_eq!(total("run_time.limited"), 10);
    let (seen, ()) = capture_with(|| rows.with([("id", 1)]).unwrap().add(1));
    assert_eq!(seen.counter("run_time.limited").with("id", 1).value(), 1);
}

#[test]
fn a_million_handles_take_no_more_memory_than_a_few() {
    let slots = || {
        let mut slots = 0;
        crate::instrument::for_each_descriptor(|descriptor| {
            slots += usize::from(descriptor.name == "run_time.million");
        });
        slots
    };
    let build = |worker: u32| {
        let builder = Counter::builder(String::from("run_time.million"));
        builder
            .unit("1")
            .dimension("worker", worker % 3)
            .build()
            .unwrap()
            .add(1);
    };
    (0..3).for_each(build);
    let shapes = || {
        let mut shapes = 0;
        made::for_each_listed(|_| shapes += 1);
        shapes
    };
    let (made, before) = (shapes(), slots());
    (0..1_000_000).for_each(build);
    assert_eq!(slots(), before);
    // Other tests of this process build some of theirs meanwhile.
    assert!(shapes() < made + 50);
    assert_eq!(total("run_time.million"), 1_000_003);
    // Even one value for each handle is limited.
    let users = Counter::builder("run_time.users")
        .cardinality_limit(10)
        .build()
        .unwrap();
    for user in 0..10_000_u32 {
        users.with([("user", user)]).unwrap().add(1);
    }
    assert_eq!(total("run_time.users"), 10_000);
}

#[test]
#[should_panic(
    expected = "no instrument of this program is called `run_time.mispelt`: did you mean the \
                counter `run_time.misspelt`?"
)]
fn a_misspelt_name_of_a_run_time_instrument_panics() {
    let hits = Counter::builder("run_time.misspelt").build().unwrap();
    let seen = capture(|| hits.add(1));
    let _ = seen.counter("run_time.mispelt");
}
