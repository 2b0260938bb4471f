//! The documentation of annotated functions shows what was written.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The begin of the library.
const HEADER: &str = r"
//! Functions, with annotations and without.
#![deny(warnings, missing_docs)]
";

/// A module of it.
const MODULE: &str = r"
/// A job.
pub struct Job {
    /// Its number.
    pub number: u32,
}

/// Runs.
#[measured]
pub async fn run(Job { number, .. }: Job, _: String, (mut left, _right): (u32, u32)) -> Result<u32, String> {
    left += number;
    Ok(left)
}

/// Returns.
#[counted(outcome)]
pub fn returned(mut number: u32, _: String) -> impl Future<Output = u32> {
    number += 1;
    async move { number }
}

/// Works.
#[measured]
impl Job {
    /// Works.
    pub async fn work(&self, _: Vec<u8>) {}

    async fn private_work(self, _: Vec<u8>) -> u32 {
        self.number
    }
}

/// Works.
pub async fn main() {
    _ = Job { number: 1 }.private_work(Vec::new()).await;
}
";

/// The signatures on a page, without markup.
fn signatures(page: &Path) -> Vec<String> {
    let page = fs::read_to_string(page).unwrap();
    let markup = [
        ("<pre class=\"rust item-decl\">", "</pre>"),
        ("<h4 class=\"code-header\">", "</h4>"),
    ];
    let mut found = Vec::new();
    for (start, end) in markup {
        let parts = page.split(start).skip(1);
        found.extend(parts.filter_map(|part| Some(text(part.split_once(end)?.0))));
    }
    found
}

/// HTML without its tags.
fn text(html: &str) -> String {
    let mut is_tag = false;
    let texts = html.chars().filter(|&c| {
        let was_tag = is_tag;
        is_tag = c == '<' || is_tag && c != '>';
        !is_tag && !was_tag
    });
    texts.collect()
}

#[test]
fn documentation_shows_signatures_as_they_were_written() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documented");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::create_dir_all(root.join("src")).unwrap();
    let annotated = MODULE;
    let bare = annotated.lines().filter(|line| !line.starts_with("#["));
    let bare = bare.collect::<Vec<_>>().join("\n");
    let library = format!(
        "{HEADER}/// Annotated.\npub mod annotated {{\n    use dt_metrics::{{counted, measured}};\n{annotated}}}\n\
         /// Bare.\npub mod bare {{\n{bare}\n}}\n"
    );
    fs::write(root.join("src/lib.rs"), library).unwrap();
    fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
    let manifest = format!(
        "[package]\nname = \"documented\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\n\
         dt-metrics = {{ path = {:?}, default-features = false }}\n\
         [workspace]\n",
        repository.join("dt-metrics")
    );
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args([
            "doc",
            "--quiet",
            "--offline",
            "--no-deps",
            "--document-private-items",
        ])
        .args(["--target-dir", "target"])
        .current_dir(&root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");

    let pages = root.join("target/doc/documented");
    for (page, written) in [
        ("fn.run.html", "pub async fn run("),
        ("fn.returned.html", "pub fn returned("),
        (
            "struct.Job.html",
            "pub async fn work(&amp;self, _: Vec&lt;u8&gt;)",
        ),
        (
            "struct.Job.html",
            "async fn private_work(self, _: Vec&lt;u8&gt;)",
        ),
    ] {
        let bare = signatures(&pages.join("bare").join(page));
        assert!(
            bare.iter().any(|it| it.contains(written)),
            "{page}: {bare:?}"
        );
        assert_eq!(
            signatures(&pages.join("annotated").join(page)),
            bare,
            "{page}"
        );
    }
}
