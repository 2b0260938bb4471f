//! Classes of bytes, looked up in one table.

/// A set of kinds of ASCII characters.
pub(super) type Class = u16;

/// `a` to `z`.
pub(super) const LOWER: Class = 1;
/// `A` to `Z`.
pub(super) const UPPER: Class = 1 << 1;
/// `0` to `9`.
pub(super) const DIGIT: Class = 1 << 2;
/// `_`.
pub(super) const UNDERSCORE: Class = 1 << 3;
/// `-`.
pub(super) const HYPHEN: Class = 1 << 4;
/// `:`.
pub(super) const COLON: Class = 1 << 5;
/// Characters of a unit other than letters, digits and `_`.
pub(super) const UNIT_MARK: Class = 1 << 6;
/// `,`, `=` and the space: plain between quotes, escaped without.
pub(super) const SEPARATOR: Class = 1 << 7;
/// Every other printable character except `"` and `\`.
pub(super) const OTHER: Class = 1 << 8;

// Control characters, `"`, `\` and all bytes of a non-ASCII character are in no class.
const CLASSES: [Class; 256] = {
    let mut classes = [0; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'_' => UNDERSCORE,
            b'-' => HYPHEN,
            b':' => COLON,
            b'%' | b'[' | b']' | b'{' | b'}' | b'/' => UNIT_MARK,
            b',' | b'=' | b' ' => SEPARATOR,
            b'"' | b'\\' => 0,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
};

/// Whether `byte` is of one of the kinds in `class`.
pub(super) const fn is(byte: u8, class: Class) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// Whether all bytes are of the kinds in `class`.
pub(super) const fn all(bytes: &[u8], class: Class) -> bool {
    let mut i = 0;
    while i < bytes.len() {
        if !is(bytes[i], class) {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether `c` is an ASCII character of one of the kinds in `class`.
pub(super) fn is_char(c: char, class: Class) -> bool {
    u8::try_from(c).is_ok_and(|byte| is(byte, class))
}
