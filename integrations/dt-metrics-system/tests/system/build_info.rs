//! The build of the program as dimensions.

use super::{VERSION, installed};

#[test]
fn the_build_is_a_gauge_of_one_with_its_dimensions() {
    let installed = installed();
    let dimensions = [("version", VERSION), ("commit", "0123abc")];
    assert_eq!(installed.value("build.info", &dimensions), 1.0);
    let found = installed.flush().into_iter();
    let build: Vec<_> = found
        .filter(|series| series.metric == "build.info")
        .collect();
    let value = |key: &str| {
        let found = build[0].dimensions.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let rustc = value("rustc");
    assert!(rustc.starts_with("1."), "{rustc}");
    let target = value("target");
    assert!(target.contains(std::env::consts::ARCH), "{target}");
}
