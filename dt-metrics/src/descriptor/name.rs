//! Names of instruments whose annotation has no `name`.

/// The most bytes a name has (Dynatrace documentation, Metric ingestion protocol: metric key).
const MAX: usize = 255;

/// `crate.module.function.suffix`, made while the program is compiled.
///
/// Raw identifiers lose their `r#`, other characters that a name cannot have become `_`, and a name
/// begins with its first letter. `dt.` is reserved by Dynatrace: a crate `dt` becomes `dt_.`.
#[derive(Clone, Copy)]
pub struct DefaultName {
    bytes: [u8; MAX],
    len: usize,
}

impl DefaultName {
    /// `module_path` as `module_path!()` has it; without a `suffix` the function is last.
    #[must_use]
    pub const fn new(module_path: &str, function: &str, suffix: &str) -> Self {
        let mut name = Self {
            bytes: [0; MAX],
            len: 0,
        };
        name.sections(module_path);
        name.sections(function);
        name.sections(suffix);
        name.finish();
        name
    }

    /// `base` as it is, then `function` and `suffix` unless they are empty.
    #[must_use]
    pub const fn under(base: &str, function: &str, suffix: &str) -> Self {
        let mut name = Self {
            bytes: [0; MAX],
            len: 0,
        };
        let mut rest = base.as_bytes();
        while let [byte, after @ ..] = rest {
            rest = after;
            name.push(*byte);
        }
        name.sections(function);
        name.sections(suffix);
        name.finish();
        name
    }

    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    /// Adds the identifiers of a path, each after a dot.
    ///
    /// This runs in the compiler, where calls are slow, so most bytes take none.
    const fn sections(&mut self, path: &str) {
        let mut rest = path.as_bytes();
        let mut begins = true;
        while let [byte, after @ ..] = rest {
            rest = after;
            if *byte == b':' {
                begins = true;
                continue;
            }
            if begins {
                begins = false;
                self.push(b'.');
                if let (b'r', [b'#', after @ ..]) = (byte, after) {
                    rest = after;
                    continue;
                }
            }
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' if 0 < self.len && self.len < MAX => {
                    self.bytes[self.len] = *byte;
                    self.len += 1;
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => self.push(*byte),
                // The further bytes of a character, whose first has become a `_`.
                0x80..=0xbf => {}
                _ => self.push(b'_'),
            }
        }
    }

    /// Adds a byte, unless the name is full, or this would be its first byte and is not a letter.
    const fn push(&mut self, byte: u8) {
        if self.len == 0 && !byte.is_ascii_alphabetic() {
            return;
        }
        if byte == b'.' && self.len == 2 && self.bytes[0] == b'd' && self.bytes[1] == b't' {
            self.push(b'_');
        }
        if self.len < MAX {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
    }

    const fn finish(&mut self) {
        if self.len == 0 {
            self.push(b'f');
            self.push(b'n');
        }
        // The cut may have come right after a dot.
        while self.bytes[self.len - 1] == b'.' {
            self.len -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
