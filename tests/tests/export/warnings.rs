//! Warnings about points that were altered or dropped.

use std::sync::mpsc;

use crate::common::log::Log;
use crate::common::{AMPLE, server, to};
use dt_metrics::counted;

fn logged(log: &Log, name: &str) -> Vec<String> {
    let text = log.text();
    let named = text.lines().filter(|line| line.contains(name));
    named.map(Into::into).collect()
}

#[counted(name = "warnings.altered", dims("user" = user))]
fn altered(user: &str) {}

const TOO_LONG: &str = "warnings.dropped";

#[counted(name = TOO_LONG, dims("user" = user))]
fn dropped(user: &str) {}

fn place(name: &str) -> String {
    dt_metrics::catalog()
        .into_iter()
        .find(|descriptor| descriptor.name == name)
        .map(|descriptor| format!("{}:{}", descriptor.file, descriptor.line))
        .unwrap()
}

#[test]
fn the_first_of_a_kind_is_logged_with_the_place_of_its_annotation() {
    own_process!();
    let log = Log::install();
    let server = server();
    // 49 dimensions and the source of the metric: room for none but one that is there already.
    let many = (0..48).map(|index| (format!("k{index}"), "v"));
    let metrics = to(&server).default_dimensions(many).install().unwrap();
    for _ in 0..3 {
        altered("a\nb");
        altered("c\td");
        metrics.flush(AMPLE).unwrap();
    }
    assert_eq!(metrics.health().altered["dimension_value"], 6);
    let said = logged(&log, "warnings.altered");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains(&place("warnings.altered")), "{said:?}");
    assert!(said[0].contains("\"user\""), "{said:?}");
    metrics.shutdown(AMPLE).unwrap();

    let (told, events) = mpsc::channel();
    let metrics = to(&server)
        .default_dimensions((0..48).map(|index| (format!("k{index}"), "v")))
        .on_delivery_event(move |event| told.send(event.to_string()).unwrap())
        .configure_provider(|provider| {
            let service = opentelemetry::KeyValue::new("service.name", "shop");
            let resource = opentelemetry_sdk::Resource::builder_empty();
            provider.with_resource(resource.with_attribute(service).build())
        })
        .install()
        .unwrap();
    for _ in 0..3 {
        dropped("u");
        metrics.flush(AMPLE).unwrap();
    }
    assert_eq!(metrics.health().dropped["too_many_dimensions"], 3);
    let said = logged(&log, "warnings.dropped");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains(&place("warnings.dropped")), "{said:?}");
    let event = events.recv_timeout(AMPLE).unwrap();
    for part in [
        "data points dropped of the metric \"warnings.dropped\"",
        "remove some (`too_many_dimensions`)",
    ] {
        assert!(event.contains(part), "{event}");
    }
    metrics.shutdown(AMPLE).unwrap();
}
