//! The HTTP API of the local endpoint is documented with a `curl` command for each route, and each command
//! gives the documented answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use dt_metrics_local::Server;
use serde_json::Value;

use super::{blocks, read};

const DOCUMENT: &str = "dt-metrics-local/README.md";

/// The routes of the page alone, whose format is not documented.
const OF_THE_PAGE: [&str; 1] = ["/api/snapshot"];

/// The fields whose values are different each time.
const VARYING: [&str; 4] = ["at_ms", "took_ms", "seconds_left", "user_agent"];

/// What the program of the document prints.
const CATALOG: &str = r#"[{"name":"orders","kind":"counter","unit":"1","description":"Orders taken",
    "dimension_keys":["region"],"module_path":"shop","file":"src/shop.rs","line":7}]"#;

/// A command, and its documented answer; `None` if it prints nothing.
struct Example {
    command: String,
    answer: Option<Value>,
}

fn examples() -> Vec<Example> {
    let text = read(DOCUMENT);
    let (_, section) = text.split_once("### Each request with `curl`").expect("it");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut examples: Vec<Example> = Vec::new();
    for (language, lines) in blocks(section) {
        let block = lines.join("\n");
        match language {
            "sh" => examples.push(Example {
                command: block,
                answer: None,
            }),
            "json" => {
                let example = examples.last_mut().expect("a command comes first");
                let answer = serde_json::from_str(&block);
                example.answer = Some(answer.unwrap_or_else(|error| panic!("{error}: {block}")));
            }
            other => panic!("{other}"),
        }
    }
    examples
}

/// Whether an answer is as documented, up to times and the like.
fn is_same(documented: &Value, got: &Value) -> bool {
    match (documented, got) {
        (Value::Object(documented), Value::Object(got)) => {
            documented.len() == got.len()
                && documented.iter().all(|(key, value)| {
                    let got = got.get(key);
                    let kind = |value: &Value| (value.is_number(), value.is_string());
                    got.is_some_and(|got| {
                        if VARYING.contains(&key.as_str()) {
                            kind(value) == kind(got)
                        } else {
                            is_same(value, got)
                        }
                    })
                })
        }
        (Value::Array(documented), Value::Array(got)) => {
            let pairs = || documented.iter().zip(got);
            documented.len() == got.len() && pairs().all(|(a, b)| is_same(a, b))
        }
        (Value::Number(documented), Value::Number(got)) => {
            let is_time = |number: &serde_json::Number| number.as_u64() > Some(1_000_000_000_000);
            documented == got || is_time(documented) && is_time(got)
        }
        _ => documented == got,
    }
}

#[test]
fn each_route_has_a_command() {
    let routes = read("dt-metrics-local/src/server/page/routes.rs");
    let routes: Vec<_> = routes
        .split('"')
        .filter(|text| text.starts_with("/api/"))
        .filter(|route| !OF_THE_PAGE.contains(route))
        .collect();
    assert!(routes.len() >= 8, "{routes:?}");
    let examples = examples();
    for route in routes {
        let route = route.replace("{number}", "1");
        let is_of_route = |example: &&Example| {
            let path = example.command.split("localhost:14499").nth(1);
            path.is_some_and(|path| path.split(['?', '\'', '\n', ' ']).next() == Some(&route))
        };
        assert!(examples.iter().any(|it| is_of_route(&it)), "{route}");
    }
}

#[test]
#[ignore = "needs curl: `bash .ci/peers`"]
fn each_command_has_its_answer() {
    let server = Server::builder().start().expect("a server");
    let folder = tempfile::TempDir::new().expect("a folder");
    let program = folder.path().join("my-program");
    fs::write(&program, format!("#!/bin/sh\necho '{CATALOG}'\n")).expect("a script");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("its mode");
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", folder.path().display());
    let address = server.address().to_string();
    for Example { command, answer } in examples() {
        let output = Command::new("sh")
            .args(["-e", "-c", &command.replace("localhost:14499", &address)])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("no_proxy", "127.0.0.1")
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{command}: {output:?}");
        let printed = String::from_utf8(output.stdout).expect("text");
        let Some(answer) = answer else {
            assert_eq!(printed, "", "{command}");
            println!("{command}");
            continue;
        };
        let got = serde_json::from_str(&printed);
        let got = got.unwrap_or_else(|error| panic!("{command}: {error}: {printed}"));
        assert!(
            is_same(&answer, &got),
            "{command}:\n{got:#}\nnot\n{answer:#}"
        );
        println!("{command}\n  {printed}");
    }
    let dashboard = fs::read_to_string(folder.path().join("dashboard.json")).expect("a file");
    assert!(dashboard.contains("orders"), "{dashboard}");
}
