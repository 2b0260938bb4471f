//! Comments and strings of source files in Rust and JavaScript.

/// A text in a source file, and the number of its first line.
#[derive(Debug, Eq, PartialEq)]
pub struct Text {
    pub kind: Kind,
    pub content: String,
    pub line: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Comment,
    String,
}

/// The comments, where adjacent lines are one text, and the strings.
pub fn texts(source: &str, language: Language) -> Vec<Text> {
    let mut reader = Reader {
        rest: source,
        line: 1,
        language,
        texts: Vec::new(),
        last_comment: None,
    };
    while reader.step() {}
    reader.texts
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Language {
    Rust,
    JavaScript,
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    language: Language,
    texts: Vec<Text>,
    /// The line of the last line comment, and its marker.
    last_comment: Option<(usize, &'static str)>,
}

impl Reader<'_> {
    fn skip(&mut self, bytes: usize) {
        self.line += self.rest[..bytes].matches('\n').count();
        self.rest = &self.rest[bytes..];
    }

    fn step(&mut self) -> bool {
        let Some(c) = self.rest.chars().next() else {
            return false;
        };
        let is_rust = self.language == Language::Rust;
        if self.rest.starts_with("//") {
            self.line_comment();
        } else if self.rest.starts_with("/*") {
            let end = self.rest.find("*/").map_or(self.rest.len(), |end| end + 2);
            let text = self.rest[2..end].trim_end_matches("*/").to_owned();
            self.add(Kind::Comment, text);
            self.skip(end);
        } else if c == '"' || !is_rust && (c == '\'' || c == '`') {
            self.string(c);
        } else if is_rust && c == '\'' {
            let mut chars = self.rest.chars().skip(1);
            let (first, second) = (chars.next(), chars.next());
            let length = match (first, second) {
                (Some('\\'), Some(escaped)) => {
                    let escape = 2 + escaped.len_utf8();
                    self.rest[escape..]
                        .find('\'')
                        .map_or(1, |end| escape + end + 1)
                }
                (Some(only), Some('\'')) => 2 + only.len_utf8(),
                _ => 1,
            };
            self.skip(length);
        } else if is_rust && c.is_alphabetic() {
            let word = |c: char| !(c.is_alphanumeric() || c == '_');
            let length = self.rest.find(word).unwrap_or(self.rest.len());
            let is_raw = matches!(&self.rest[..length], "r" | "br" | "cr");
            self.skip(length);
            let hashes = self.rest.len() - self.rest.trim_start_matches('#').len();
            if is_raw && self.rest[hashes..].starts_with('"') {
                let end = format!("\"{}", "#".repeat(hashes));
                let text = &self.rest[hashes + 1..];
                let length = text.find(&end).unwrap_or(text.len());
                self.add(Kind::String, text[..length].to_owned());
                self.skip(hashes + 1 + length + end.len());
            }
        } else {
            self.skip(c.len_utf8());
        }
        true
    }

    fn add(&mut self, kind: Kind, text: String) {
        let line = self.line;
        self.texts.push(Text {
            kind,
            content: text,
            line,
        });
    }

    fn line_comment(&mut self) {
        let markers = ["///", "//!", "//"];
        let marker = markers
            .into_iter()
            .find(|marker| self.rest.starts_with(marker));
        let marker = marker.expect("a comment");
        let length = self.rest.find('\n').unwrap_or(self.rest.len());
        let text = &self.rest[marker.len()..length];
        let text = text.strip_prefix(' ').unwrap_or(text).to_owned();
        match self.texts.last_mut() {
            Some(last) if self.last_comment == Some((self.line.wrapping_sub(1), marker)) => {
                last.content.push('\n');
                last.content.push_str(&text);
            }
            _ => self.add(Kind::Comment, text),
        }
        self.last_comment = Some((self.line, marker));
        self.skip(length);
    }

    fn string(&mut self, quote: char) {
        let (mut text, mut length) = (String::new(), 1);
        let mut chars = self.rest[1..].chars().peekable();
        while let Some(c) = chars.next() {
            length += c.len_utf8();
            match c {
                c if c == quote => break,
                '\\' => {
                    let escaped = chars.next().unwrap_or_default();
                    length += escaped.len_utf8();
                    match escaped {
                        'n' | 't' | 'r' => text.push('\n'),
                        '\n' => {
                            while let Some(space) = chars.next_if(|c| c.is_whitespace()) {
                                length += space.len_utf8();
                            }
                        }
                        other => text.push(other),
                    }
                }
                // A string in an expression of JavaScript, or a quote that begins none.
                '\n' if self.language == Language::JavaScript && quote != '`' => break,
                c => text.push(c),
            }
        }
        self.add(Kind::String, text);
        self.skip(length.min(self.rest.len()));
    }
}
