//! First sentences of documentation.

use syn::{Attribute, ItemFn};

use super::summary;

fn of(item: &str) -> Option<String> {
    let function: ItemFn = syn::parse_str(item).unwrap();
    let attrs: Vec<Attribute> = function.attrs;
    summary(&attrs)
}

#[test]
fn the_first_sentence_is_the_summary() {
    for (docs, expected) in [
        ("/// Handles one order.", Some("Handles one order.")),
        ("/// Handles one order", Some("Handles one order")),
        (
            "/// Handles\n/// one order. And more.",
            Some("Handles one order."),
        ),
        (
            "///\n/// Handles one.\n///\n/// More.",
            Some("Handles one."),
        ),
        ("/// Handles one\n///\n/// More.", Some("Handles one")),
        (
            "/// Of version 1.5 e.g. of today. More.",
            Some("Of version 1.5 e.g. of today."),
        ),
        ("/// Is it? Yes.", Some("Is it?")),
        (
            "/// Takes a [`Cart`] of `n` items.",
            Some("Takes a Cart of n items."),
        ),
        (
            "/// See [the page](https://a.b/c. D) and [it][there].",
            Some("See the page and it."),
        ),
        (
            "/** Handles\n * one order.\n */",
            Some("Handles one order."),
        ),
        ("#[doc = \"Handles one.\"]", Some("Handles one.")),
        ("/// Größe der Käufe. Mehr.", Some("Größe der Käufe.")),
        ("/// # Errors\n/// None.", None),
        ("#[doc(hidden)]", None),
        ("#[doc = include_str!(\"a.md\")]", None),
        ("#[inline]", None),
        ("///", None),
        ("", None),
    ] {
        let found = of(&format!("{docs}\nfn f() {{}}"));
        assert_eq!(found.as_deref(), expected, "{docs}");
    }
}
