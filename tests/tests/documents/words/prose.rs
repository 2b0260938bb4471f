//! Markdown as a row of words and punctuation, without code, tables and targets of links.

/// A word in lower case, a punctuation mark, [`CODE`] or [`STOP`].
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Stands for code in a sentence.
pub const CODE: &str = "`";

/// Begins and ends each paragraph, heading, list item and table cell.
pub const STOP: &str = "¶";

impl Token {
    fn new(text: &str, line: usize) -> Self {
        Self {
            text: text.to_lowercase(),
            line,
        }
    }

    pub fn is_word(&self) -> bool {
        self.text.starts_with(char::is_alphanumeric)
    }

    /// Whether a sentence ends here.
    pub fn is_end(&self) -> bool {
        matches!(self.text.as_str(), "." | "!" | "?" | STOP)
    }
}

/// The tokens of a text whose first line has this number.
pub fn tokens(text: &str, first_line: usize) -> Vec<Token> {
    let mut tokens = vec![Token::new(STOP, first_line)];
    let mut fence = None;
    let mut is_code = false;
    for (index, line) in text.lines().enumerate() {
        let number = first_line + index;
        let trimmed = line.trim();
        let ticks = trimmed.chars().take_while(|c| *c == '`').count();
        match fence {
            Some(opened) if ticks >= opened => fence = None,
            None if ticks >= 3 => fence = Some(ticks),
            Some(_) => {}
            None => {
                if begins_block(trimmed) {
                    tokens.push(Token::new(STOP, number));
                    is_code = false;
                }
                // The targets of links by reference.
                if !(trimmed.starts_with('[') && trimmed.contains("]: ")) {
                    add_line(&mut tokens, trimmed, number, &mut is_code);
                }
            }
        }
    }
    tokens.push(Token::new(STOP, first_line + text.lines().count()));
    tokens
}

fn begins_block(line: &str) -> bool {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.is_empty()
        || line.starts_with(['#', '|', '>'])
        || line.starts_with("- ")
        || line.starts_with("* ")
        || number.len() < line.len() && number.starts_with(". ")
}

fn add_line(tokens: &mut Vec<Token>, line: &str, number: usize, is_code: &mut bool) {
    let mut rest = line;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let mut skipped = c.len_utf8();
        if c == '`' {
            *is_code = !*is_code;
            if *is_code {
                tokens.push(Token::new(CODE, number));
            }
        } else if *is_code {
        } else if rest.starts_with("http://") || rest.starts_with("https://") {
            skipped = rest.find([' ', ')', '>']).unwrap_or(rest.len());
            tokens.push(Token::new(CODE, number));
        } else if c.is_alphanumeric() {
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'' | '’');
            skipped = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            // A decimal number, a path or an address is one word.
            while let Some(more) = rest[skipped..].strip_prefix(['.', '/', ':']) {
                match more.find(|c| !is_part(c)).unwrap_or(more.len()) {
                    0 => break,
                    length => skipped += 1 + length,
                }
            }
            tokens.push(Token::new(&rest[..skipped], number));
        } else if c == '(' && before == ']' {
            skipped = rest.find(')').map_or(rest.len(), |end| end + 1);
        } else if c == '{' {
            skipped = rest.find('}').map_or(1, |end| end + 1);
            tokens.push(Token::new(CODE, number));
        } else if c == '<' && rest[1..].starts_with(|c: char| c.is_alphabetic() || "/!".contains(c))
        {
            skipped = rest.find('>').map_or(1, |end| end + 1);
        } else if c == '|' && line.starts_with('|') {
            tokens.push(Token::new(STOP, number));
        } else if c == '…' {
            tokens.push(Token::new(CODE, number));
        } else if ".,;:!?()–".contains(c) {
            tokens.push(Token::new(&rest[..skipped], number));
        }
        before = c;
        rest = &rest[skipped..];
    }
}
