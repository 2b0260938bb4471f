//! The texts that are checked.

use std::fs;

use super::super::layers::imports::sources;
use super::super::{documents, in_folder, read, root};
use super::prose::{CODE, Token, tokens};
use super::source::{Kind, Language, texts};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Corpus {
    /// Markdown: documents, READMEs of crates, pages of macros.
    Documents,
    /// Rustdoc and comments of all crates.
    Comments,
    /// Errors, warnings, events, help and output of programs.
    Messages,
    /// Texts and comments of the live page.
    Page,
}

/// Folders with sources.
const SOURCES: [&str; 7] = [
    "benches",
    "dt-metrics",
    "dt-metrics-local",
    "dt-metrics-macros",
    "examples",
    "integrations",
    "tests",
];

/// Folders whose files are not prose of this project: the phrases that the check looks for, and outputs.
const LEFT_OUT: [&str; 2] = ["documents/words/", "target/"];

const ASSETS: &str = "dt-metrics-local/assets";

impl Corpus {
    pub const ALL: [Self; 4] = [Self::Documents, Self::Comments, Self::Messages, Self::Page];

    /// The tokens of each file, by its path.
    pub fn texts(self) -> Vec<(String, Vec<Token>)> {
        match self {
            Self::Documents => markdown(),
            Self::Comments => rust(Kind::Comment),
            Self::Messages => rust(Kind::String),
            Self::Page => page(),
        }
    }
}

fn markdown() -> Vec<(String, Vec<Token>)> {
    let mut files = documents();
    files.extend(in_folder("dt-metrics/docs/"));
    files.extend(in_folder("dt-metrics-macros/docs/"));
    let texts = files.into_iter().map(|file| {
        let tokens = tokens(&read(&file), 1);
        (file, tokens)
    });
    texts.collect()
}

fn rust(kind: Kind) -> Vec<(String, Vec<Token>)> {
    let mut files = Vec::new();
    for folder in SOURCES {
        for (file, source) in sources(&root().join(folder)) {
            let file = format!("{folder}/{file}");
            // Tests quote messages.
            let is_quote = kind == Kind::String && file.contains("tests");
            if is_quote || LEFT_OUT.iter().any(|folder| file.contains(folder)) {
                continue;
            }
            let texts = texts(&source, Language::Rust).into_iter();
            let texts = texts.filter(|text| text.kind == kind && is_prose(kind, &text.content));
            let tokens = texts.flat_map(|text| {
                let mut tokens = tokens(&text.content, text.line);
                // It continues a sentence.
                if text.content.starts_with(' ') {
                    CODE.clone_into(&mut tokens[0].text);
                }
                tokens
            });
            files.push((file, tokens.collect()));
        }
    }
    files
}

/// Comments are; strings with at least two spaces between letters are.
fn is_prose(kind: Kind, text: &str) -> bool {
    let words = text.split_whitespace();
    let words = words.filter(|word| word.chars().any(char::is_alphabetic));
    kind == Kind::Comment || words.count() > 2
}

fn page() -> Vec<(String, Vec<Token>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(ASSETS)).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").display();
        let file = format!("{ASSETS}/{name}");
        let end = path.extension().and_then(|end| end.to_str());
        let tokens = match end {
            Some("html") => tokens(&read(&file), 1),
            Some("js" | "css") => {
                let texts = texts(&read(&file), Language::JavaScript).into_iter();
                let texts = texts.filter(|text| is_prose(text.kind, &text.content));
                texts
                    .flat_map(|text| tokens(&text.content, text.line))
                    .collect()
            }
            _ => continue,
        };
        files.push((file, tokens));
    }
    files
}
