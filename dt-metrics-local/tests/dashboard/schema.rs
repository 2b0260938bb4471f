//! Checks JSON against the schemas in `schemas`, which were written from the documentation that each of
//! them names.
//!
//! It reads only the keywords that these schemas use, without `pattern`; `.ci/configuration` checks the
//! same files with a complete implementation.

use std::path::Path;

use serde_json::Value;

/// Panics with the places that do not conform to the schema of this name.
pub(crate) fn check(name: &str, value: &Value) {
    let mut mistakes = Vec::new();
    visit(&load(name), value, "$", &mut mistakes);
    assert!(mistakes.is_empty(), "{name}: {mistakes:#?}\n{value:#}");
}

fn load(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dashboard/schemas");
    let text = std::fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn visit(schema: &Value, value: &Value, place: &str, mistakes: &mut Vec<String>) {
    for (keyword, expected) in schema.as_object().unwrap() {
        let size = || expected.as_u64().unwrap();
        let chars = || value.as_str().map_or(0, |text| text.chars().count() as u64);
        let items = || value.as_array().map_or(0, |all| all.len() as u64);
        let holds = match keyword.as_str() {
            "$schema" | "$comment" | "pattern" | "propertyNames" => true,
            "$ref" => {
                let name = expected.as_str().unwrap().strip_suffix(".schema.json");
                visit(&load(name.unwrap()), value, place, mistakes);
                true
            }
            "type" => expected == kind(value) || (expected == "number" && value.is_number()),
            "const" => expected == value,
            "enum" => expected.as_array().unwrap().contains(value),
            "oneOf" => {
                let matches = expected.as_array().unwrap().iter().filter(|schema| {
                    let mut mistakes = Vec::new();
                    visit(schema, value, place, &mut mistakes);
                    mistakes.is_empty()
                });
                matches.count() == 1
            }
            "minLength" => chars() >= size(),
            "maxLength" => chars() <= size(),
            "minItems" => items() >= size(),
            "maxItems" => items() <= size(),
            "minimum" => value.as_f64() >= expected.as_f64(),
            "maximum" => value.as_f64() <= expected.as_f64(),
            "minProperties" => value.as_object().map_or(0, |all| all.len() as u64) >= size(),
            "required" => {
                let mut names = expected.as_array().unwrap().iter();
                names.all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    visit(expected, item, &format!("{place}[{index}]"), mistakes);
                }
                true
            }
            "properties" => {
                for (name, schema) in expected.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        visit(schema, value, &format!("{place}.{name}"), mistakes);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                for (name, value) in value.as_object().into_iter().flatten() {
                    if known.get(name).is_none() {
                        match expected {
                            Value::Bool(false) => {
                                mistakes.push(format!("{place}: {name} is unknown"));
                            }
                            schema => visit(schema, value, &format!("{place}.{name}"), mistakes),
                        }
                    }
                }
                true
            }
            other => panic!("the keyword {other} is not read"),
        };
        if !holds {
            mistakes.push(format!("{place}: {keyword} {expected}"));
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn mistakes_are_found() {
    let slo = |change: &str, value: Value| {
        let mut slo = serde_json::json!({
            "name": "a",
            "criteria": [{"target": 99, "timeframeFrom": "now-7d"}],
            "customSli": {"indicator": "timeseries"},
        });
        slo[change] = value;
        let mut mistakes = Vec::new();
        visit(
            &load("slo-list"),
            &Value::Array(vec![slo]),
            "$",
            &mut mistakes,
        );
        mistakes
    };
    assert!(slo("tags", serde_json::json!([])).is_empty());
    for (change, value, mistake) in [
        ("name", Value::from(""), "$[0].name: minLength 1"),
        ("name", Value::from(1), "$[0].name: type \"string\""),
        ("customSLI", Value::Null, "$[0]: customSLI is unknown"),
        (
            "criteria",
            serde_json::json!([{"target": 101.5, "timeframeFrom": "now"}]),
            "$[0].criteria[0].target: maximum 100",
        ),
        (
            "criteria",
            serde_json::json!([{"target": 1}]),
            "$[0].criteria[0]: required [\"target\",\"timeframeFrom\"]",
        ),
    ] {
        let mistakes = slo(change, value);
        assert!(mistakes.iter().any(|it| it == mistake), "{mistakes:?}");
    }
}
