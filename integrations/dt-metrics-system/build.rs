//! Hands the compiler's version and the target on to the crate, and the commit if a variable has it.

use std::env;
use std::process::Command;

/// Where build servers put the commit that they build.
const COMMIT: [&str; 4] = [
    "GIT_COMMIT",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "VERGEN_GIT_SHA",
];

fn main() {
    // No other file of this crate affects the output.
    println!("cargo:rerun-if-changed=build.rs");
    for name in COMMIT {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let set = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    pass("COMMIT", COMMIT.into_iter().find_map(set).as_deref());
    pass("TARGET", set("TARGET").as_deref());
    pass("RUSTC", rustc().as_deref());
}

/// Sets a variable for `option_env!`. Only one line is possible.
fn pass(name: &str, value: Option<&str>) {
    let line = value.and_then(|value| value.trim().lines().next());
    if let Some(line) = line {
        println!("cargo:rustc-env=DT_METRICS_BUILD_{name}={line}");
    }
}

/// For example `1.88.0`, of `rustc 1.88.0 (6b00bc388 2025-06-23)`.
fn rustc() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC")?)
        .arg("--version")
        .output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}
