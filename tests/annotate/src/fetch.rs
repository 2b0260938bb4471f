//! The source of a crate, through cargo: from whatever registry cargo is set up to use.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Result, cargo};

/// A crate as it was published.
pub struct Fetched {
    pub folder: PathBuf,
    pub version: String,
}

/// Fetches the crate; `scratch` is a folder for a project that needs it.
pub fn fetch(name: &str, version: Option<&str>, scratch: &Path) -> Result<Fetched> {
    fs::create_dir_all(scratch.join("src"))?;
    fs::write(scratch.join("src/lib.rs"), "")?;
    let version = version.map_or("*".to_owned(), |version| format!("={version}"));
    let manifest = format!(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nfetched = {{ package = \"{name}\", version = \"{version}\" }}\n\n\
         [workspace]\n"
    );
    fs::write(scratch.join("Cargo.toml"), manifest)?;

    let metadata = cargo::run(scratch, &["metadata", "--format-version=1"])?;
    if !metadata.success {
        return Err(format!("{name} cannot be fetched:\n{}", metadata.stderr).into());
    }
    let metadata: Value = serde_json::from_str(&metadata.stdout)?;
    // There may be several versions of it in the tree: the version that the project requires.
    let id = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|node| node["id"] == metadata["resolve"]["root"])
        .find_map(|node| node["deps"][0]["pkg"].as_str())
        .ok_or("cargo says nothing of the crate")?;
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["id"] == id)
        .and_then(|package| {
            let manifest = Path::new(package["manifest_path"].as_str()?);
            Some(Fetched {
                folder: manifest.parent()?.to_owned(),
                version: package["version"].as_str()?.to_owned(),
            })
        })
        .ok_or_else(|| "cargo does not say where the crate is".into())
}
