//! Tests of texts in Terraform, Monaco and YAML.

use super::{Names, monaco_template, terraform_text, yaml_text};

#[test]
fn no_text_begins_an_expression_of_terraform() {
    for (text, template) in [
        ("$Region costs 5 $ and 3 %", "$Region costs 5 $ and 3 %"),
        ("${file(\"x\")}", "$${file(\"x\")}"),
        ("%{ if true }", "%%{ if true }"),
        ("$${a}", "${\"$\"}${\"$\"}{a}"),
        ("%%%{", "${\"%\"}${\"%\"}${\"%\"}{"),
        ("%${a}", "%$${a}"),
        ("ü${", "ü$${"),
    ] {
        assert_eq!(terraform_text(text), template);
    }
}

#[test]
fn no_text_begins_an_action_of_monaco() {
    for text in ["{{ .name }}", "{{{", "a {{`}} b", "{ {"] {
        let json = serde_json::to_string_pretty(&[text]).unwrap_or_default();
        let template = monaco_template(&json);
        assert!(!template.contains("{{"), "{template}");
        let read: Vec<String> = serde_json::from_str(&template).unwrap_or_default();
        assert_eq!(read, [text]);
    }
}

#[test]
fn texts_in_yaml_have_no_other_meaning() {
    for (text, yaml) in [
        ("a: b # c", r#""a: b # c""#),
        ("\"\\\n", r#""\"\\\U0000000a""#),
        ("ü\u{202e}", r#""ü\U0000202e""#),
    ] {
        assert_eq!(yaml_text(text), yaml);
    }
}

#[test]
fn identifiers_are_plain_and_unique() {
    let mut names = Names::default();
    for (text, name) in [
        (
            "shop.order: successful calls",
            "shop_order_successful_calls",
        ),
        (
            "shop.Order: successful calls",
            "shop_order_successful_calls_2",
        ),
        ("2nd", "m_2nd"),
        ("../\"", "m_"),
        ("日本", "m__2"),
    ] {
        assert_eq!(names.unique(text, '_'), name);
    }
}
