//! The catalogue that a program hands over to the local endpoint.

use std::path::Path;

use crate::common::peer::api;
use crate::common::{AMPLE, server, to};
use dt_metrics::measured;

/// Brews.
#[measured(name = "local_catalog.brew")]
fn brew() {}

#[test]
fn the_local_endpoint_has_the_catalogue_when_a_short_program_ends() {
    own_process!();
    let server = server();
    let builder = to(&server).prefix("shop").service_name("bar");
    let metrics = builder.install().unwrap();
    brew();
    metrics.shutdown(AMPLE).unwrap();
    let all = api(&server, "/api/catalog");
    let program = &all["programs"][0];
    assert_eq!(
        (&program["service"], &program["prefix"]),
        (&"bar".into(), &"shop".into())
    );
    let instruments = program["instruments"].as_array().unwrap();
    let calls = instruments
        .iter()
        .find(|it| it["key"] == "shop.local_catalog.brew.calls")
        .unwrap();
    assert_eq!(calls["kind"], "counter");
    let folder = program["sources"].as_str().unwrap();
    let file = Path::new(folder).join(calls["file"].as_str().unwrap());
    let source = std::fs::read_to_string(file).unwrap();
    let line = usize::try_from(calls["line"].as_u64().unwrap()).unwrap();
    let from_line = source.lines().skip(line - 1).take(2).collect::<String>();
    assert!(from_line.contains("brew"), "{from_line}");
}
