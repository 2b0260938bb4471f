//! Commands of documents name existing packages, targets and scripts.

use std::process::Command;

use serde_json::Value;

use super::{blocks, documents, read, root};

/// The packages, as Cargo lists them.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Whether `package` has a target of this name and kind.
fn has_target(package: &Value, kind: &str, name: &str) -> bool {
    let targets = package["targets"].as_array().expect("targets");
    targets.iter().any(|target| {
        target["name"] == name
            && target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.contains(&kind.into()))
    })
}

/// Returns the argument of a Cargo command that names something that does not exist.
fn missing(command: &str, packages: &[Value]) -> Option<String> {
    let mut words = command.split_whitespace().take_while(|word| *word != "--");
    let mut chosen: Vec<&Value> = packages.iter().collect();
    while let Some(word) = words.next() {
        let holds = match word {
            "-p" => {
                let name = words.next()?;
                chosen.retain(|package| package["name"] == name);
                !chosen.is_empty()
            }
            "--bin" | "--test" => {
                let name = words.next()?;
                chosen
                    .iter()
                    .any(|package| has_target(package, &word[2..], name))
            }
            "--features" => {
                let name = words.next()?;
                chosen
                    .iter()
                    .any(|package| package["features"].get(name).is_some())
            }
            _ => true,
        };
        if !holds {
            return Some(word.to_owned());
        }
    }
    None
}

#[test]
fn commands_name_existing_things() {
    let packages = packages();
    let mut commands = 0;
    for document in documents() {
        let text = read(&document);
        let shell = blocks(&text)
            .into_iter()
            .filter(|(language, _)| *language == "sh");
        for line in shell.flat_map(|(_, lines)| lines) {
            let command = line.split('#').next().unwrap_or_default();
            if let Some((_, cargo)) = command.split_once("cargo ") {
                assert_eq!(missing(cargo, &packages), None, "{document}: {line}");
                commands += 1;
            }
            if let Some(script) = command.strip_prefix("bash ") {
                let script = script.split_whitespace().next().unwrap_or_default();
                assert!(root().join(script).is_file(), "{document}: {line}");
                commands += 1;
            }
        }
    }
    assert!(commands >= 20, "{commands}");
    assert!(missing("run -p dt-metrics --bin quickstart", &packages).is_some());
    assert!(missing("run -p nobody", &packages).is_some());
}
