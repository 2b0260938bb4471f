//! There is nothing to build: Cargo requires this file if `links` is set.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
