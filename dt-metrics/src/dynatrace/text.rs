//! The one door for texts from elsewhere: servers, proxies, files and the environment.

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

/// Replaces each character that controls a terminal, hides text or changes its direction with a
/// space: control and format characters such as U+202E, line separators, characters of private use
/// or without a meaning, and U+FFFD.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return text.into();
    }
    let shown = text.chars().map(|c| if is_printable(c) { c } else { ' ' });
    shown.collect::<String>().into()
}

/// Whether a reader sees the character as it is.
pub(crate) fn is_printable(c: char) -> bool {
    use GeneralCategory as Category;
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    c != char::REPLACEMENT_CHARACTER
        && !matches!(
            get_general_category(c),
            Category::Control
                | Category::Format
                | Category::LineSeparator
                | Category::ParagraphSeparator
                | Category::PrivateUse
                | Category::Surrogate
                | Category::Unassigned
        )
}

#[cfg(test)]
mod tests;
