use opentelemetry::{Array, InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::Resource;

use crate::dynatrace::encode::lines::resource::{OriginCache, ResourceDimensions};

fn resource(attributes: &[(&'static str, &'static str)]) -> Resource {
    let attributes = attributes
        .iter()
        .map(|(key, value)| KeyValue::new(*key, *value));
    Resource::builder_empty()
        .with_attributes(attributes)
        .build()
}

fn found(names: &[&str], instance: Option<&str>, resource: &Resource) -> Vec<String> {
    let dimensions = ResourceDimensions {
        names: names.iter().map(|name| (*name).into()).collect(),
        instance: instance.map(Into::into),
    };
    let pairs = dimensions.of(resource);
    pairs
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

#[test]
fn the_service_is_a_dimension_unless_the_sdk_made_it_up() {
    for (service, expected) in [
        ("shop", &["service.name=shop"][..]),
        ("unknown_service", &[]),
        ("unknown_service:x", &[]),
        ("", &[]),
    ] {
        for names in [&[][..], &["service.name"]] {
            let resource = resource(&[("service.name", service)]);
            assert_eq!(found(names, None, &resource), expected, "{service}");
        }
    }
    assert!(found(&[], None, &resource(&[])).is_empty());
}

#[test]
fn named_attributes_of_the_resource_are_dimensions() {
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("host.name", "h"),
            KeyValue::new("cpus", 4),
            KeyValue::new("other", "o"),
            KeyValue::new("empty", ""),
            KeyValue::new("list", Value::Array(Array::I64(vec![1]))),
        ])
        .build();
    let names = ["cpus", "host.name", "empty", "list", "missing"];
    assert_eq!(found(&names, None, &resource), ["cpus=4", "host.name=h"]);
}

#[test]
fn the_instance_is_from_the_resource_or_random_and_only_if_enabled() {
    let own = resource(&[("service.instance.id", "own")]);
    let none = resource(&[]);
    assert!(found(&[], None, &own).is_empty());
    assert_eq!(found(&[], Some("made"), &own), ["service.instance.id=own"]);
    assert_eq!(
        found(&[], Some("made"), &none),
        ["service.instance.id=made"]
    );
}

#[test]
fn an_origin_is_known_again_and_forgotten_when_idle() {
    let dimensions = ResourceDimensions {
        names: vec!["env".into()],
        instance: None,
    };
    let mut origins = OriginCache::default();
    let (prod, test) = (resource(&[("env", "prod")]), resource(&[("env", "test")]));
    let plain = InstrumentationScope::builder("a").build();
    let also_plain = InstrumentationScope::builder("b").build();
    let special = InstrumentationScope::builder("a")
        .with_attributes([KeyValue::new("k", "v")])
        .build();
    let mut collect = |resource: &Resource, scopes: &[&InstrumentationScope]| {
        let resource = dimensions.of(resource);
        let ids: Vec<_> = scopes
            .iter()
            .map(|scope| origins.get(&resource, scope).id)
            .collect();
        origins.end_generation();
        (ids, origins.origins.len())
    };
    let (ids, known) = collect(&prod, &[&plain, &also_plain, &special]);
    assert_eq!((ids[0], known), (ids[1], 2));
    assert_ne!(ids[0], ids[2]);
    let (same, _) = collect(&prod, &[&plain]);
    assert_eq!(same[0], ids[0]);
    let (other, known) = collect(&test, &[&plain]);
    assert!(other[0] != ids[0] && known == 2, "{known}");
    assert_eq!(collect(&test, &[&plain]).1, 1);
}
