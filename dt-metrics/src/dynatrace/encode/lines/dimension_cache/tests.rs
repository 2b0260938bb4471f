use opentelemetry::{Array, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::Resource;

use crate::dynatrace::config::dimensions::Pairs;
use crate::dynatrace::encode::lines::dimension_cache::{DimensionCache, FEW, PointOrder};
use crate::dynatrace::encode::lines::resource::{Origin, OriginCache, ResourceDimensions};
use crate::dynatrace::encode::warnings::Alterations;

struct Fixture {
    cache: DimensionCache,
    resource_dimensions: ResourceDimensions,
    origins: OriginCache,
    resource: Resource,
    scope: InstrumentationScope,
    order: PointOrder,
}

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()))
        .collect()
}

fn of(name: &str) -> Vec<KeyValue> {
    vec![KeyValue::new("k", name.to_owned())]
}

impl Fixture {
    fn new(defaults: &[(&str, &str)], host: &[(&str, &str)]) -> Self {
        Self {
            cache: DimensionCache::new(pairs(defaults), pairs(host)),
            resource_dimensions: ResourceDimensions {
                names: vec!["env".into()],
                instance: None,
            },
            origins: OriginCache::default(),
            resource: Resource::builder_empty().build(),
            scope: InstrumentationScope::default(),
            order: PointOrder::default(),
        }
    }

    fn empty() -> Self {
        Self::new(&[], &[])
    }

    /// Where the text of each set lies, and the text.
    fn cycle(&mut self, lists: &[Vec<KeyValue>]) -> Vec<(*const u8, String)> {
        let resource = self.resource_dimensions.of(&self.resource);
        let origin = self.origins.get(&resource, &self.scope);
        self.order.begin_collection();
        let texts = lists
            .iter()
            .map(|list| text(&mut self.cache, origin, &mut self.order, list))
            .collect();
        self.cache.end_generation();
        self.origins.end_generation();
        texts
    }

    fn text(&mut self, list: &[KeyValue]) -> String {
        self.cycle(&[list.to_vec()]).remove(0).1
    }
}

fn text(
    cache: &mut DimensionCache,
    origin: &Origin,
    order: &mut PointOrder,
    list: &[KeyValue],
) -> (*const u8, String) {
    let attributes: Vec<_> = list.iter().collect();
    let cached = cache.get(origin, order, &attributes);
    let text = cached.dimensions.as_ref().expect("few").as_str();
    (text.as_ptr(), text.to_owned())
}

#[test]
fn a_repeated_set_is_serialised_once_in_any_order() {
    let mut fixture = Fixture::empty();
    let names = ["a", "b", "c", "d", "e"];
    let first = fixture.cycle(&names.map(of));
    for names in [
        vec!["a", "b", "c", "d", "e"],
        vec!["e", "d", "c", "b", "a"],
        vec!["b", "d", "a", "c", "e"],
        vec!["b", "d"],
        vec!["a", "b", "c", "d", "e", "b", "b"],
    ] {
        let lists: Vec<_> = names.iter().map(|name| of(name)).collect();
        for (seen, name) in fixture.cycle(&lists).iter().zip(names) {
            let expected = first
                .iter()
                .find(|(_, text)| text.contains(&format!(",k={name}")));
            assert_eq!(Some(seen), expected);
        }
    }
}

#[test]
fn attributes_are_a_set_in_any_order_unless_a_key_is_repeated() {
    let mut fixture = Fixture::empty();
    let list = |pairs: &[(&'static str, &'static str)]| -> Vec<_> {
        pairs
            .iter()
            .map(|(key, value)| KeyValue::new(*key, *value))
            .collect()
    };
    let orders = [
        list(&[("a", "1"), ("b", "2"), ("c", "3")]),
        list(&[("c", "3"), ("b", "2"), ("a", "1")]),
        list(&[("b", "2"), ("a", "1"), ("c", "3")]),
    ];
    let first = fixture.cycle(&orders);
    assert!(first.iter().all(|text| *text == first[0]));
    for order in &orders {
        assert_eq!(fixture.cycle(std::slice::from_ref(order)), first[..1]);
    }
    assert_eq!(fixture.cache.by_hash.len(), 1);
    let twice = [
        list(&[("k", "1"), ("k", "2")]),
        list(&[("k", "2"), ("k", "1")]),
    ];
    let texts = fixture.cycle(&twice);
    assert!(texts[0].1.ends_with(",k=2") && texts[1].1.ends_with(",k=1"));
}

#[test]
fn an_entry_stays_while_it_is_used_and_one_cycle_longer() {
    let mut fixture = Fixture::empty();
    fixture.cycle(&[of("a"), of("b"), of("a")]);
    assert_eq!(fixture.cache.by_hash.len(), 2);
    fixture.cycle(&[of("a")]);
    assert_eq!(fixture.cache.by_hash.len(), 2);
    fixture.cycle(&[of("a")]);
    assert_eq!(fixture.cache.by_hash.len(), 1);
    // The place of the one that went is taken by the next, and never mixed up with it.
    let texts = fixture.cycle(&[of("a"), of("c"), of("b")]);
    for ((_, text), name) in texts.iter().zip(["a", "c", "b"]) {
        assert!(text.contains(&format!(",k={name}")), "{text}");
    }
    assert_eq!(fixture.cache.entries.len(), 3);
}

#[test]
fn places_go_when_most_of_their_sets_have_gone() {
    let mut fixture = Fixture::empty();
    let many: Vec<_> = (0..2 * FEW).map(|index| of(&index.to_string())).collect();
    let first = fixture.cycle(&many);
    for _ in 0..3 {
        let last = fixture.cycle(&many[many.len() - 2..]);
        assert_eq!(last, first[many.len() - 2..]);
    }
    assert_eq!(
        (fixture.cache.entries.len(), fixture.cache.by_hash.len()),
        (2, 2)
    );
    assert_eq!(fixture.cycle(&many[..3])[2].1, first[2].1);
}

#[test]
fn origins_do_not_mix() {
    let mut fixture = Fixture::new(&[("tier", "1")], &[]);
    let resources = [Some("prod"), None, Some("test"), Some("prod")];
    for env in resources {
        let attributes = env.map(|env| KeyValue::new("env", env));
        fixture.resource = Resource::builder_empty()
            .with_attributes(attributes)
            .build();
        let text = fixture.text(&of("a"));
        let expected = env.map_or(String::new(), |env| format!(",env={env}"));
        assert_eq!(
            text,
            format!(",dt.metrics.source=opentelemetry{expected},k=a,tier=1")
        );
    }
    fixture.scope = InstrumentationScope::builder("library")
        .with_attributes([KeyValue::new("team", "blue"), KeyValue::new("n", 7)])
        .build();
    let text = fixture.text(&of("a"));
    assert!(text.contains(",n=7,team=blue,tier=1"), "{text}");
}

#[test]
fn dimensions_of_the_host_measurement_program_and_resource_win_in_this_order() {
    let given = [
        ("dt.metrics.source", "mine"),
        ("env", "given"),
        ("a", "given"),
        ("b", "given"),
        ("c", "given"),
    ];
    let mut fixture = Fixture::new(&given, &[("c", "host")]);
    fixture.resource = Resource::builder_empty()
        .with_attribute(KeyValue::new("env", "found"))
        .build();
    fixture.scope = InstrumentationScope::builder("library")
        .with_attributes(["a", "b"].map(|key| KeyValue::new(key, "scope")))
        .build();
    let measured = ["b", "c"].map(|key| KeyValue::new(key, "measured"));
    assert_eq!(
        fixture.text(&measured),
        ",a=scope,b=measured,c=host,dt.metrics.source=mine,env=given"
    );
}

#[test]
fn alterations_are_tracked() {
    let mut fixture = Fixture::empty();
    let cases = [
        (KeyValue::new("k", true), Alterations::NONE),
        (
            KeyValue::new("k", Value::Array(Array::Bool(vec![true]))),
            Alterations::ARRAY_ATTRIBUTE,
        ),
        (KeyValue::new("K", "v"), Alterations::DIMENSION_KEY),
        (KeyValue::new("k", "a\nb"), Alterations::DIMENSION_VALUE),
    ];
    for (attribute, expected) in cases {
        let resource = fixture.resource_dimensions.of(&fixture.resource);
        let origin = fixture.origins.get(&resource, &fixture.scope);
        let list = [&attribute];
        let cached = fixture.cache.get(origin, &mut fixture.order, &list);
        assert_eq!(cached.altered, expected, "{list:?}");
    }
}

#[test]
fn an_order_goes_on_where_series_were_left_out() {
    let mut order = PointOrder::default();
    for entry in [4, 5, 6, 7] {
        order.advance(entry);
    }
    order.begin_collection();
    assert_eq!(order.expected(), Some(4));
    order.advance(4);
    order.advance(6); // 5 has no point
    order.advance(9); // and 9 is new
    assert_eq!(order.expected(), Some(7));
    order.advance(7);
    order.begin_collection();
    assert_eq!(order.previous, [4, 6, 9, 7]);
}
