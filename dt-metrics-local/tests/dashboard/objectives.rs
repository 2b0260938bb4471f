//! `dt-metrics-local slo` and `alerts`: objectives of a program in all formats.

use std::path::Path;

use serde_json::Value;

use super::dql::{self, Timeseries};
use super::{NO_PREFIX, command, schema};

/// The objectives of the metrics `pay.calls` and `pay.duration`.
fn catalogue(unit: &str, latency: f64, percentile: f64) -> String {
    format!(
        r#"[{{"name":"pay.calls","kind":"counter","dimension_keys":["route","outcome"],
              "objective":{{"success":0.999}},"file":"src/pay.rs","line":7}},
            {{"name":"pay.duration","kind":"histogram","unit":"{unit}","description":"Pays.",
              "objective":{{"latency":{latency},"percentile":{percentile}}}}}]"#
    )
}

fn print(name: &str, arguments: &[&str], input: &str) -> Value {
    let output = command(name, arguments, input);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn query(text: &Value) -> Timeseries {
    let text = text.as_str().unwrap();
    dql::read(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The value of a key in a list of keys and values.
fn value<'v>(pairs: &'v Value, key: &str) -> &'v Value {
    let mut pairs = pairs.as_array().unwrap().iter();
    &pairs.find(|pair| pair["key"] == key).unwrap()["value"]
}

#[test]
fn an_objective_is_a_service_level_objective() {
    let input = catalogue("s", 0.25, 0.95);
    let slos = print("slo", &["--prefix", "shop", "--days", "30"], &input);
    schema::check("slo-list", &slos);
    let [success, latency] = &slos.as_array().unwrap()[..] else {
        panic!("{slos:#}")
    };
    assert_eq!(success["name"], "shop.pay: successful calls");
    assert_eq!(success["criteria"][0]["target"], 99.9);
    assert_eq!(success["criteria"][0]["timeframeFrom"], "now-30d");
    let described = success["description"].as_str().unwrap();
    assert!(described.contains("src/pay.rs:7"), "{described}");
    assert_eq!(
        success["customSli"]["indicator"],
        "timeseries { calls = sum(shop.pay.calls, filter: isNotNull(outcome)), \
         good = sum(shop.pay.calls, default: 0, filter: outcome == \"ok\") },\n\
         union: true\n| fieldsAdd sli = 100 * good[] / calls[]\n| fieldsRemove calls, good"
    );
    assert_eq!(latency["name"], "shop.pay: calls within 250 ms");
    assert_eq!(latency["criteria"][0]["target"], 95.0);
    let described = latency["description"].as_str().unwrap();
    assert!(
        described.contains("average") && described.contains("Pays."),
        "{described}"
    );
    for slo in [success, latency] {
        let query = query(&slo["customSli"]["indicator"]);
        assert_eq!(query.left.as_deref(), Some(&["sli".to_owned()][..]));
    }
}

#[test]
fn over_otlp_each_call_is_measured() {
    let input = catalogue("ms", 0.25, 0.95);
    let arguments = ["--prefix", "shop", "--otlp"];
    let slos = print("slo", &arguments, &input);
    assert_eq!(
        slos[1]["customSli"]["indicator"],
        "timeseries { sli = percentRank(shop.pay.duration, 250) }"
    );
    assert!(!slos[1]["description"].as_str().unwrap().contains("average"));
    let alerts = print("alerts", &arguments, &input);
    let input = &alerts[1]["value"]["analyzer"]["input"];
    assert_eq!(
        value(input, "query"),
        "timeseries { slow = percentile(shop.pay.duration, 95) },\ninterval: 1m"
    );
    assert_eq!(value(input, "threshold"), "250");
}

#[test]
fn an_objective_is_an_anomaly_detector() {
    let alerts = print(
        "alerts",
        &["--prefix", "shop"],
        &catalogue("us", 0.0015, 1.0),
    );
    schema::check("settings-objects", &alerts);
    let [failures, slow] = &alerts.as_array().unwrap()[..] else {
        panic!("{alerts:#}")
    };
    for (alert, threshold, column, event) in [
        (failures, "0.1", "error_rate", "ERROR_EVENT"),
        (slow, "1500", "average", "PERFORMANCE_EVENT"),
    ] {
        let detector = &alert["value"];
        let input = &detector["analyzer"]["input"];
        assert_eq!(value(input, "threshold"), threshold);
        assert_eq!(value(input, "alertCondition"), "ABOVE");
        let query = query(value(input, "query"));
        assert_eq!(query.interval.as_deref(), Some("1m"));
        let columns: Vec<_> = query.columns.iter().map(|it| it.name.clone()).collect();
        assert_eq!(query.left.unwrap_or(columns), [column]);
        let event_type = value(&detector["eventTemplate"]["properties"], "event.type");
        assert_eq!(event_type, event);
    }
    assert_eq!(slow["value"]["title"], "shop.pay: calls within 1.5 ms");
}

#[test]
fn units_scale_thresholds() {
    for (unit, latency, threshold) in [
        ("s", 0.25, "0.25"),
        ("ms", 0.25, "250"),
        ("us", 0.000_001_5, "1.5"),
        ("ns", 3.0, "3000000000"),
        ("milliseconds", 0.1, "100"),
    ] {
        let input = catalogue(unit, latency, 0.5);
        let alerts = print("alerts", &["--prefix", "a"], &input);
        let input = &alerts[1]["value"]["analyzer"]["input"];
        assert_eq!(value(input, "threshold"), threshold, "{unit}");
    }
}

/// Text that has a meaning in DQL, JSON, Terraform, Go templates or YAML.
const HOSTILE: &str =
    r#"\"}}{{ .name }} ${file(\"x\")} $${y} %{if} {dims:a} `b` \\ # : - \n\u202e| limit 0"#;

fn hostile_catalogue() -> String {
    format!(
        r#"[{{"name":"{HOSTILE}.calls","kind":"counter","description":"{HOSTILE}",
              "dimension_keys":["outcome","{HOSTILE}"],"objective":{{"success":0.9}},
              "file":"{HOSTILE}","line":1}},
            {{"name":"{HOSTILE}.duration","kind":"histogram","unit":"s","description":"{HOSTILE}",
              "objective":{{"latency":1,"percentile":0.5}},"file":"{HOSTILE}","line":1}},
            {{"name":"plain.calls","kind":"counter","dimension_keys":["outcome"],
              "description":"{HOSTILE}","objective":{{"success":1}}}}]"#
    )
}

/// The files of a Monaco project in a folder.
fn monaco(name: &str, folder: &Path, input: &str) -> (Value, Vec<Value>) {
    let folder = folder.to_str().unwrap();
    let arguments = ["--prefix", "shop", "--format", "monaco", "--output", folder];
    let output = command(name, &arguments, input);
    assert!(output.status.success() && output.stdout.is_empty());
    let read = |path: &str| std::fs::read_to_string(Path::new(folder).join(path)).unwrap();
    let yaml = |path: &str| -> Value { serde_norway::from_str(&read(path)).unwrap() };
    schema::check("monaco-manifest", &yaml("manifest.yaml"));
    let config = yaml(&format!("dt-metrics/{name}/config.yaml"));
    schema::check("monaco-config", &config);
    let configs = config["configs"].as_array().unwrap();
    let templates = configs.iter().map(|config| {
        let template = config["config"]["template"].as_str().unwrap();
        let text = read(&format!("dt-metrics/{name}/{template}"));
        // It would begin an action of a template.
        assert!(!text.contains("{{"), "{text}");
        serde_json::from_str(&text).unwrap()
    });
    let templates = templates.collect();
    (config, templates)
}

#[test]
fn all_formats_pass_their_schemas_and_mean_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for input in [hostile_catalogue(), catalogue("ms", 0.1, 0.99)] {
        let prefix = ["--prefix", "shop"];
        let terraform = ["--prefix", "shop", "--format", "terraform"];

        let slos = print("slo", &prefix, &input);
        schema::check("slo-list", &slos);
        let (config, templates) = monaco("slo", folder.path(), &input);
        assert_eq!(Value::Array(templates), slos);
        let names = config["configs"].as_array().unwrap().iter();
        let names = names.map(|config| &config["config"]["name"]);
        assert!(names.eq(slos.as_array().unwrap().iter().map(|slo| &slo["name"])));
        let resources = print("slo", &terraform, &input);
        schema::check("terraform", &resources);
        let resources = resources["resource"]["dynatrace_platform_slo"]
            .as_object()
            .unwrap();
        assert_eq!(resources.len(), slos.as_array().unwrap().len());
        for resource in resources.values() {
            let name = rendered(&resource["name"]);
            let slo = slos
                .as_array()
                .unwrap()
                .iter()
                .find(|slo| slo["name"] == *name);
            let slo = slo.unwrap();
            let indicator = &slo["customSli"]["indicator"];
            assert_eq!(rendered(&resource["custom_sli"]["indicator"]), *indicator);
            assert_eq!(rendered(&resource["description"]), slo["description"]);
        }

        let alerts = print("alerts", &prefix, &input);
        schema::check("settings-objects", &alerts);
        let (_, templates) = monaco("alerts", folder.path(), &input);
        let values = alerts.as_array().unwrap().iter();
        assert!(values.map(|alert| &alert["value"]).eq(&templates));
        for template in &templates {
            schema::check("anomaly-detector", template);
            let properties = &template["eventTemplate"]["properties"];
            for key in ["event.name", "event.description"] {
                assert!(
                    !value(properties, key)
                        .as_str()
                        .unwrap()
                        .contains(['{', '}'])
                );
            }
        }
        schema::check("terraform", &print("alerts", &terraform, &input));

        let dashboard = print("dashboard", &prefix, &input);
        let (_, templates) = monaco("dashboard", folder.path(), &input);
        assert_eq!(templates, std::slice::from_ref(&dashboard));
        let resources = print("dashboard", &terraform, &input);
        schema::check("terraform", &resources);
        let content = &resources["resource"]["dynatrace_document"]["metrics"]["content"];
        let content: Value = serde_json::from_str(&rendered(content)).unwrap();
        assert_eq!(content, dashboard);

        // Every query is a query of these metrics, whatever their names.
        let queries = [&slos, &alerts].map(|all| all.as_array().unwrap().len());
        assert_eq!(queries[0], queries[1]);
        for slo in slos.as_array().unwrap() {
            let query = query(&slo["customSli"]["indicator"]);
            assert!(
                query
                    .columns
                    .iter()
                    .all(|it| it.metric.starts_with("shop."))
            );
        }
    }
}

/// The text that a template of Terraform stands for, if it has no expressions but `${"$"}`.
fn rendered(template: &Value) -> String {
    let template = template.as_str().unwrap();
    let mut text = String::new();
    let mut rest = template;
    while !rest.is_empty() {
        let literal = ["$", "%"].into_iter().find_map(|sign| {
            let expression = format!("${{\"{sign}\"}}");
            let escape = format!("{sign}{sign}{{");
            let after = rest
                .strip_prefix(&expression)
                .map(|after| (sign.to_owned(), after));
            after.or_else(|| Some((format!("{sign}{{"), rest.strip_prefix(&escape)?)))
        });
        let (literal, after) = literal.unwrap_or_else(|| {
            assert!(
                !rest.starts_with("${") && !rest.starts_with("%{"),
                "{template}"
            );
            let end = rest.chars().next().map_or(0, char::len_utf8);
            (rest[..end].to_owned(), &rest[end..])
        });
        text.push_str(&literal);
        rest = after;
    }
    text
}

#[test]
fn an_existing_manifest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let input = catalogue("s", 1.0, 0.5);
    monaco("slo", folder.path(), &input);
    let manifest = folder.path().join("manifest.yaml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let own = text.replace("DT_ENVIRONMENT_URL", "OWN_URL");
    std::fs::write(&manifest, &own).unwrap();
    monaco("alerts", folder.path(), &input);
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), own);
}

#[test]
fn objectives_that_no_query_can_measure_are_named() {
    let entry = |name: &str, rest: &str| format!(r#"{{"name":"{name}",{rest}}}"#);
    let entries = [
        entry("a", r#""kind":"counter","objective":{"success":0.9}"#),
        entry(
            "b",
            r#""kind":"histogram","unit":"By","objective":{"latency":1,"percentile":0.9}"#,
        ),
        entry(
            "c",
            r#""kind":"histogram","unit":"s","objective":{"latency":1,"percentile":1.5}"#,
        ),
        entry(
            "d",
            r#""kind":"histogram","unit":"s","objective":{"latency":-1,"percentile":0.5}"#,
        ),
        entry(
            "e",
            r#""kind":"gauge","unit":"s","objective":{"latency":1,"percentile":0.5}"#,
        ),
    ];
    let output = command("slo", &[], &format!("[{}]", entries.join(",")));
    assert!(!output.status.success() && output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    for reason in [
        "the objective of a: it needs a counter with the dimension `outcome`",
        "the objective of b: it needs a metric in seconds",
        "the objective of c: the share must be more than 0 and at most 100%",
        "the objective of d: the latency must be longer than 0 seconds",
        "the objective of e: it needs a histogram",
        "no metric has an objective",
        NO_PREFIX,
    ] {
        assert!(said.contains(reason), "{reason} in {said}");
    }
    let output = command("alerts", &["--format", "monaco"], "[]");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--output <PATH>"), "{said}");
}
