//! Makes a first corpus for fuzzing the reader from the vectors of the line protocol. It is here
//! and not in `fuzz`, so that its dependencies are already built.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = package.join("../fuzz/corpus/reader");
    fs::create_dir_all(&corpus)?;
    for name in ["line", "metadata"] {
        let vectors = package.join(format!("conformance/{name}.jsonl"));
        for (i, vector) in fs::read_to_string(vectors)?.lines().enumerate() {
            let vector: Value = serde_json::from_str(vector)?;
            if let Some(line) = vector["out"].as_str() {
                fs::write(corpus.join(format!("{name}-{i}")), line)?;
            }
        }
    }
    Ok(())
}
