//! What the fuzz targets check. The rules are stated anew here, from the documentation of the
//! protocol, not taken from the code under test.

// The modules under test, by their files. Without the crates around them, a hundred dependencies
// need not be built with the flags of a fuzzer.
#[allow(dead_code, unused_imports, reason = "for the exporter around it")]
#[path = "../../dt-metrics/src/line/mod.rs"]
pub mod line;
#[allow(dead_code, unused_imports, reason = "for the server around it")]
#[path = "../../dt-metrics-local/src/protocol/mod.rs"]
pub mod protocol;

pub mod data;
pub mod metadata;
pub mod read;
pub mod text;
