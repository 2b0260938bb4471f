//! Code is compiled: here it is seen that nothing is left out.

use super::{blocks, documents, in_folder, read};

#[test]
fn every_document_with_rust_in_it_is_compiled() {
    let compiled = read("tests/src/lib.rs") + &read("examples/services/documents.rs");
    for document in documents() {
        let text = read(&document);
        let is_rust = |language: &str| language.is_empty() || language.starts_with("rust");
        let has_rust = blocks(&text).iter().any(|(language, _)| is_rust(language));
        let is_compiled = compiled.contains(&format!("\"{document}\""));
        assert!(
            !has_rust || is_compiled,
            "{document} is neither in tests/src/lib.rs nor in examples/services/documents.rs"
        );
    }
}

#[test]
fn no_code_is_left_out() {
    for document in documents() {
        for (language, lines) in blocks(&read(&document)) {
            let is_known = [
                "",
                "java",
                "json",
                "python",
                "rust",
                "rust,no_run",
                "sh",
                "text",
                "toml",
                "yaml",
            ]
            .contains(&language);
            assert!(
                is_known,
                "{document}: {language:?} of\n{}",
                lines.join("\n")
            );
        }
    }
}

/// Pages of rustdoc are compiled with their crate, unless a block is ignored.
#[test]
fn no_code_of_a_page_is_left_out() {
    for (folder, crate_root) in [
        ("dt-metrics-macros/docs/", "dt-metrics-macros/src/lib.rs"),
        ("dt-metrics/docs/", "dt-metrics/src/lib.rs"),
    ] {
        for page in in_folder(folder) {
            let name = page.trim_start_matches(folder);
            let included = format!("include_str!(\"../docs/{name}\")");
            assert!(
                read(crate_root).contains(&included),
                "{page} is of no crate"
            );
            for (language, lines) in blocks(&read(&page)) {
                let is_known = ["", "compile_fail", "toml"].contains(&language);
                assert!(is_known, "{page}: {language:?} of\n{}", lines.join("\n"));
            }
        }
    }
}

/// Names that no document contains, since only the library needs them, or since there is a better
/// alternative.
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
