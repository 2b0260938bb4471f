//! There is nothing to build: Cargo asks for this where `links` is set.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
