//! Names and units follow the semantic conventions.

use opentelemetry_semantic_conventions::metric as semconv;

#[test]
fn metrics_have_the_names_and_units_of_the_semantic_conventions() {
    let catalog = dt_metrics::catalog();
    for (name, unit) in [
        (semconv::HTTP_SERVER_REQUEST_DURATION, "s"),
        (semconv::HTTP_SERVER_REQUEST_BODY_SIZE, "By"),
        (semconv::HTTP_SERVER_RESPONSE_BODY_SIZE, "By"),
        (semconv::HTTP_SERVER_ACTIVE_REQUESTS, "{request}"),
        (semconv::HTTP_CLIENT_REQUEST_DURATION, "s"),
        (semconv::HTTP_CLIENT_REQUEST_BODY_SIZE, "By"),
        (semconv::HTTP_CLIENT_RESPONSE_BODY_SIZE, "By"),
        (semconv::HTTP_CLIENT_ACTIVE_REQUESTS, "{request}"),
        (semconv::RPC_SERVER_CALL_DURATION, "s"),
    ] {
        let found = catalog.iter().find(|metric| metric.name == name);
        assert_eq!(found.map(|metric| metric.unit), Some(unit), "{name}");
    }
    assert_eq!(catalog.len(), 9, "the test knows every metric");
}
