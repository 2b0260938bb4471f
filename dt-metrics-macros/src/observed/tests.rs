use std::str::FromStr;

use proc_macro2::TokenStream;

fn observed(args: &str, item: &str) -> String {
    let tokens = |text| TokenStream::from_str(text).unwrap();
    super::observed(tokens(args), tokens(item)).to_string()
}

#[test]
fn the_function_stays_as_it_is() {
    for item in [
        "fn f () -> u64 { 1 }",
        "# [inline] pub const fn f () -> f64 { # ! [allow (unused)] 1. }",
        "fn f () -> u64 { half . }",
        "fn f () -> u64 { impl A { fn b () -> Self { A } } 1 }",
    ] {
        let expansion = observed("kind = counter, dims(a = a)", item);
        assert!(expansion.starts_with(item), "{expansion}");
        assert_eq!(expansion.matches("submit !").count(), 1, "{expansion}");
        assert_eq!(expansion.matches("Observed :: counter").count(), 1);
    }
}

#[test]
fn after_an_error_the_item_is_as_it_was() {
    for (args, item) in [
        ("kind = total", "fn f () -> u64 { 1 }"),
        ("", "fn f (a : u8) -> u64 { 1 }"),
        ("", "fn f (& self) -> u64 { 1 }"),
        ("", "async fn f () -> u64 { 1 }"),
        ("", "fn f () -> u64 { Self :: ONE }"),
        ("", "fn f () { }"),
        ("", "struct Orders ;"),
        ("", "fn f () -> u64 ;"),
        ("", "fn"),
    ] {
        let expansion = observed(args, item);
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
        assert!(expansion.ends_with(item), "{expansion}");
    }
}

#[test]
fn a_function_removed_by_cfg_removes_its_registration() {
    let item = "#[cfg(unix)] #[doc = \"A\"] #[deprecated = \"B\"] fn f() -> u64 { 1 }";
    let expansion = observed("", item);
    assert_eq!(expansion.matches("cfg (unix)").count(), 2, "{expansion}");
    assert_eq!(expansion.matches("doc").count(), 1, "{expansion}");
    assert_eq!(expansion.matches("allow (deprecated)").count(), 1);
}

#[test]
fn registrations_of_one_module_are_called_differently() {
    let name = |args, item| {
        let expansion = observed(args, item);
        let (_, name) = expansion.split_once("struct ").unwrap();
        name.split(' ').next().unwrap().to_owned()
    };
    let names = [
        name("", "fn f() -> u64 { 1 }"),
        name("", "fn g() -> u64 { 1 }"),
        name("kind = counter", "fn f() -> u64 { 1 }"),
    ];
    assert!(names[0] != names[1] && names[0] != names[2], "{names:?}");
    assert_eq!(names[0], name("", "fn f() -> u64 { 2 }"));
}
