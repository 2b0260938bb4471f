use opentelemetry::Key;

use super::resource;

#[test]
fn no_quotes_and_no_name_leave_the_resource_to_the_sdk() {
    let environment = |name: &str| (name == "OTEL_SERVICE_NAME").then(|| "shop".to_owned());
    assert!(resource(None, &environment).is_none());
    let named = resource(Some("program".into()), &environment).expect("a name");
    let name = named.get(&Key::new("service.name"));
    assert_eq!(name, Some("program".into()));
}

#[test]
fn a_name_is_read_without_its_quotes() {
    for text in ["\"shop\"", "'shop'", " \"shop\" "] {
        let environment = |name: &str| (name == "OTEL_SERVICE_NAME").then(|| text.to_owned());
        let resource = resource(None, &environment).expect("quotes");
        let name = resource.get(&Key::new("service.name"));
        assert_eq!(name, Some("shop".into()), "{text}");
    }
}
