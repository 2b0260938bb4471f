//! A message about the signature of an annotated `async fn` shows the signature.
#![deny(missing_docs)]

use dt_metrics::{counted, measured};

#[measured]
pub async fn load(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| error.to_string())
}

#[counted(outcome)]
pub async fn save(path: &str) {
    let _ = std::fs::write(path, "");
}

fn main() {}
