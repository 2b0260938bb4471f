//! The catalogue that the linker collects, in separate programs that are built and run.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::common::own_process::alone;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/linking");
const LIBRARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../dt-metrics");
const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");

/// Writes a file if it has changed, and returns whether it did: unchanged files are not built
/// again.
fn write(path: &Path, content: &str) -> bool {
    let changed = fs::read_to_string(path).map_or(true, |before| before != content);
    if changed {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    changed
}

/// A copy of the programs that builds from where it is, without a network: with the versions that
/// these tests are built with.
fn copy() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linking");
    let manifest = fs::read_to_string(Path::new(FIXTURE).join("Cargo.toml")).unwrap();
    let placed = manifest.replace("../../../dt-metrics", LIBRARY);
    assert_ne!(placed, manifest);
    write(&root.join("Cargo.toml"), &placed);
    for (package, source) in [
        ("library", "lib.rs"),
        ("unnamed", "lib.rs"),
        ("plugin", "lib.rs"),
        ("program", "main.rs"),
    ] {
        for file in ["Cargo.toml", &format!("src/{source}")] {
            let path = Path::new(package).join(file);
            let content = fs::read_to_string(Path::new(FIXTURE).join(&path)).unwrap();
            write(&root.join(path), &content);
        }
    }
    // Cargo removes unused entries from it, so a second copy shows whether it has changed.
    let lock = fs::read_to_string(LOCK).unwrap();
    if write(&root.join("Cargo.lock.before"), &lock) {
        write(&root.join("Cargo.lock"), &lock);
    }
    root
}

/// Builds the programs; returns where they are.
fn build(root: &Path, lto: &str) -> PathBuf {
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--quiet", "--offline", "--target-dir", "target"])
        .current_dir(root)
        .env("CARGO_PROFILE_DEV_LTO", lto)
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        // The two do not go together.
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    root.join("target/debug")
}

/// The names in the catalogue that the program prints.
fn names(program: &Path, library: Option<&Path>) -> Vec<String> {
    let output = Command::new(program).args(library).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let catalog: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let name = |entry: &serde_json::Value| entry["name"].as_str().unwrap().to_owned();
    catalog.iter().map(name).collect()
}

/// One by one in one directory: shared dependencies are built once.
#[test]
fn all_that_is_linked_is_in_the_catalogue() {
    // The linker takes all processors for itself.
    let _turn = alone();
    let root = copy();
    for lto in ["off", "fat"] {
        let built = build(&root, lto);
        let program = built.join("program");
        let of_library = ["library.aside", "library.generic", "library.observed"];
        let own = of_library.into_iter().chain(["program.calls"]);
        let own: Vec<_> = own.collect();
        assert_eq!(names(&program, None), own, "lto = {lto}");

        let plugin = format!(
            "{}plugin{}",
            env::consts::DLL_PREFIX,
            env::consts::DLL_SUFFIX
        );
        let loaded = of_library.into_iter().chain(["plugin.calls"]);
        let loaded: Vec<_> = loaded.collect();
        assert_eq!(
            names(&program, Some(&built.join(plugin))),
            loaded,
            "lto = {lto}"
        );
    }
}
