//! Texts that are put in, and what must come out of them.

use arbitrary::Arbitrary;
use unicode_general_category::GeneralCategory as Category;
use unicode_general_category::get_general_category as category;

/// A text that may be far longer than the fuzzer's input.
#[derive(Debug, Arbitrary)]
pub struct Text<'a> {
    part: &'a str,
    times: u8,
    quoted: bool,
}

impl Text<'_> {
    /// The text, cut to so many characters.
    #[must_use]
    pub fn get(&self, longest: usize) -> String {
        let repeated = std::iter::repeat_n(self.part, usize::from(self.times).max(1));
        let text: String = repeated.flat_map(str::chars).take(longest).collect();
        if self.quoted {
            format!("\"{text}\"")
        } else {
            text
        }
    }
}

/// What stands between the quotes of a quoted text; else the text.
#[must_use]
pub fn inner(text: &str) -> &str {
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text)
}

/// What a reader finds of a dimension's value that is not cut: `_` for each run of characters that
/// cannot be sent.
#[must_use]
pub fn value(text: &str) -> String {
    let mut out = String::new();
    let mut replaced = false;
    for c in inner(text).chars() {
        let sent = is_text(c) && category(c) != Category::Format;
        if sent || !replaced {
            out.push(if sent { c } else { '_' });
        }
        replaced = !sent;
    }
    out
}

/// What a reader finds of a property that is not cut: without the characters that cannot be sent.
#[must_use]
pub fn property(text: &str) -> String {
    let kept = inner(text).chars().filter(|c| *c == '\n' || is_text(*c));
    kept.collect()
}

/// Length in UTF-16 code units.
#[must_use]
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Neither control, private use, unassigned, nor a separator of lines or paragraphs.
fn is_text(c: char) -> bool {
    !matches!(
        category(c),
        Category::Control
            | Category::PrivateUse
            | Category::Unassigned
            | Category::LineSeparator
            | Category::ParagraphSeparator
    )
}
