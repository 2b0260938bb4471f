//! Code is compiled: here it is seen that nothing is left out.

use super::{blocks, documents, read};

#[test]
fn every_document_with_rust_in_it_is_compiled() {
    let compiled = read("tests/src/lib.rs");
    for document in documents() {
        let text = read(&document);
        let is_rust = |language: &str| language.is_empty() || language.starts_with("rust");
        let has_rust = blocks(&text).iter().any(|(language, _)| is_rust(language));
        let is_compiled = compiled.contains(&format!("\"{document}\""));
        assert!(
            !has_rust || is_compiled,
            "{document} is not in tests/src/lib.rs"
        );
    }
}

#[test]
fn no_code_is_left_out() {
    for document in documents() {
        for (language, lines) in blocks(&read(&document)) {
            let is_known =
                ["", "json", "rust", "rust,no_run", "sh", "text", "toml"].contains(&language);
            assert!(
                is_known,
                "{document}: {language:?} of\n{}",
                lines.join("\n")
            );
        }
    }
}

/// What stands in no document since only the library needs it, or since there is something better.
#[test]
fn examples_show_nothing_hidden() {
    for document in documents() {
        for (_, lines) in blocks(&read(&document)) {
            let hidden = |line: &&str| line.contains("private::") || line.contains("__dt_metrics");
            assert_eq!(
                lines.iter().copied().find(|line| hidden(line)),
                None,
                "{document}"
            );
        }
    }
}
