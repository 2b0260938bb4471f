//! The files of a package.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Options, Result, manifest, source};

/// Annotates the package in `folder`; returns how many annotated items it has.
pub fn annotate(folder: &Path, options: &Options) -> Result<usize> {
    let mut with = options.with.iter();
    let is_tracing = with.any(|annotation| annotation.starts_with("tracing::"));
    manifest::depend(folder, is_tracing)?;
    let library = folder.join("src/lib.rs");
    if manifest::is_of_2015(folder)? && library.exists() {
        // Then paths begin at the crate.
        let name = if is_tracing { "tracing" } else { "dt_metrics" };
        append(&library, &format!("\nextern crate {name};\n"))?;
    }
    let mut folders = vec!["src"];
    if options.tests {
        folders.extend(["tests", "examples", "benches"]);
    }
    let mut count = 0;
    for file in folders.iter().flat_map(|name| sources(&folder.join(name))) {
        // Some are test data in other encodings.
        let Ok(text) = fs::read_to_string(&file) else {
            eprintln!("{}: not text, left as it is", file.display());
            continue;
        };
        match source::annotate(&text, options) {
            Ok(annotated) => {
                count += annotated.count;
                fs::write(&file, annotated.text)?;
            }
            Err(error) => eprintln!("{}: {error}, left as it is", file.display()),
        }
    }
    Ok(count)
}

/// Adds to the end of a file: no line of it moves.
pub fn append(file: &Path, text: &str) -> Result<()> {
    let before = fs::read_to_string(file)?;
    fs::write(file, before + text)?;
    Ok(())
}

/// All Rust files below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension() == Some(OsStr::new("rs")) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            // Not `fs::copy`: the copy must be writable, the original need not be.
            fs::write(target, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
