use crate::dynatrace::text::printable;

#[test]
fn no_character_controls_a_terminal_or_the_direction_of_a_text() {
    for c in [
        '\0',
        '\n',
        '\r',
        '\t',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{fff9}',
        '\u{fffd}',
        '\u{e000}',
        '\u{e0001}',
        '\u{e007f}',
        '\u{378}',
        '\u{10ffff}',
    ] {
        assert_eq!(printable(&format!("a{c}b")), "a b", "{c:?}");
    }
}

#[test]
fn other_texts_stay_as_they_are() {
    for text in ["", "a b", "späte Züge 🦀", "日本語", "שלום", "e\u{301}"] {
        assert_eq!(printable(text), text);
    }
}
