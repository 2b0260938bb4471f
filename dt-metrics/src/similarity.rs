//! Texts that are similar, to suggest a name in place of a misspelled one.

/// The number of bytes that are added, removed or replaced between two texts.
pub(crate) fn edits(left: &str, right: &str) -> usize {
    // The distances from the beginning of `left` so far to each beginning of `right`.
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, left) in left.bytes().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (place, right) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The nearest of several names, compared case-insensitively; `None` if there are no names.
#[cfg(feature = "dynatrace")]
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_uppercase();
    names.min_by_key(|other| edits(&name, &other.to_ascii_uppercase()))
}
