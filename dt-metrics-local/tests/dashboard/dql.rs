//! A small reader of DQL, written from its documentation, independent of the writer.

use std::iter::Peekable;
use std::vec::IntoIter;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A name, without its backticks; whether it had them.
    Name(String, bool),
    Text(String),
    Number(String),
    Variable(String),
    Sign(char),
}

/// The first command of a query.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Timeseries {
    pub(crate) columns: Vec<Column>,
    pub(crate) by: Vec<String>,
    pub(crate) variables: Vec<String>,
    pub(crate) interval: Option<String>,
    /// The columns after the last command, if commands add and remove columns.
    pub(crate) left: Option<Vec<String>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) aggregation: String,
    pub(crate) metric: String,
    /// As `default:0`.
    pub(crate) parameters: Vec<String>,
}

type Read<T> = Result<T, String>;

/// Reads a query, to its end.
pub(crate) fn read(text: &str) -> Read<Timeseries> {
    let mut reader = Reader {
        tokens: tokens(text)?.into_iter().peekable(),
        variables: Vec::new(),
    };
    let mut query = reader.query()?;
    if let Some(token) = reader.tokens.next() {
        return Err(format!("{token:?} after the end"));
    }
    query.variables = reader.variables;
    Ok(query)
}

fn tokens(text: &str) -> Read<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let mut rest = |accepted: fn(char) -> bool| {
            let mut taken = String::new();
            while let Some(c) = chars.next_if(|c| accepted(*c)) {
                taken.push(c);
            }
            taken
        };
        let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let token = match first {
            ' ' | '\n' => continue,
            '`' => Token::Name(rest(|c| c != '`'), true),
            '"' => Token::Text(rest(|c| c != '"' && c != '\\')),
            '$' => Token::Variable(rest(|c| c.is_ascii_alphanumeric() || c == '_')),
            '0'..='9' => {
                let rest = rest(|c| c.is_ascii_alphanumeric() || c == '.');
                Token::Number(format!("{first}{rest}"))
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let name = format!("{first}{}", rest(in_name));
                let plain = |section: &str| section.starts_with(|c: char| !c.is_ascii_digit());
                if !name.split('.').all(plain) {
                    return Err(format!("{name} needs backticks"));
                }
                Token::Name(name, false)
            }
            '{' | '}' | '(' | ')' | '[' | ']' | ',' | ':' | '=' | '|' | '<' | '>' | '!' | '+'
            | '-' | '*' | '/' => Token::Sign(first),
            other => return Err(format!("{other:?} means nothing here")),
        };
        let closing = match token {
            Token::Name(_, true) => Some('`'),
            Token::Text(_) => Some('"'),
            _ => None,
        };
        if closing.is_some() && chars.next() != closing {
            return Err(format!("{token:?} does not end"));
        }
        tokens.push(token);
    }
    Ok(tokens)
}

struct Reader {
    tokens: Peekable<IntoIter<Token>>,
    variables: Vec<String>,
}

impl Reader {
    fn next(&mut self) -> Read<Token> {
        self.tokens.next().ok_or_else(|| "it ends early".to_owned())
    }

    fn sign(&mut self, sign: char) -> Read<()> {
        match self.next()? {
            Token::Sign(found) if found == sign => Ok(()),
            other => Err(format!("{other:?} where {sign} was due")),
        }
    }

    fn has(&mut self, sign: char) -> bool {
        self.tokens.next_if_eq(&Token::Sign(sign)).is_some()
    }

    fn name(&mut self) -> Read<String> {
        match self.next()? {
            Token::Name(name, _) if !name.is_empty() => Ok(name),
            other => Err(format!("{other:?} where a name was due")),
        }
    }

    fn word(&mut self, known: &[&str]) -> Read<String> {
        match self.next()? {
            Token::Name(word, false) if known.contains(&&*word) => Ok(word),
            other => Err(format!("{other:?} where one of {known:?} was due")),
        }
    }

    fn query(&mut self) -> Read<Timeseries> {
        self.word(&["timeseries"])?;
        let mut query = Timeseries::default();
        self.sign('{')?;
        loop {
            query.columns.push(self.column()?);
            if !self.has(',') {
                break;
            }
        }
        self.sign('}')?;
        while self.has(',') {
            let parameter = self.word(&["by", "filter", "union", "interval"])?;
            self.sign(':')?;
            match &*parameter {
                "by" => query.by = self.names()?,
                "filter" => {
                    self.sign('{')?;
                    self.condition()?;
                    self.sign('}')?;
                }
                "interval" => match self.next()? {
                    Token::Number(interval) => query.interval = Some(interval),
                    other => return Err(format!("{other:?} is no interval")),
                },
                _ => drop(self.word(&["true"])?),
            }
        }
        while self.has('|') {
            self.stage(&mut query)?;
        }
        distinct(query)
    }

    fn column(&mut self) -> Read<Column> {
        let name = self.name()?;
        self.sign('=')?;
        let known = [
            "sum",
            "avg",
            "min",
            "max",
            "count",
            "percentile",
            "percentRank",
        ];
        let aggregation = self.word(&known)?;
        self.sign('(')?;
        let metric = self.name()?;
        let mut parameters = Vec::new();
        if aggregation.starts_with("percent") {
            self.sign(',')?;
            match self.next()? {
                Token::Number(number) => parameters.push(number),
                other => return Err(format!("{other:?} is no number")),
            }
        }
        while self.has(',') {
            let parameter = self.word(&["default", "rate", "rollup", "filter"])?;
            self.sign(':')?;
            if parameter == "filter" {
                self.condition()?;
                parameters.push(parameter);
                continue;
            }
            let value = match (&*parameter, self.next()?) {
                ("rollup", Token::Name(rollup, false))
                    if ["min", "max", "sum", "avg", "total"].contains(&&*rollup) =>
                {
                    rollup
                }
                ("default" | "rate", Token::Number(number)) => number,
                (_, other) => return Err(format!("{other:?} is no {parameter}")),
            };
            parameters.push(format!("{parameter}:{value}"));
        }
        self.sign(')')?;
        Ok(Column {
            name,
            aggregation,
            metric,
            parameters,
        })
    }

    fn names(&mut self) -> Read<Vec<String>> {
        self.sign('{')?;
        let mut names = vec![self.name()?];
        while self.has(',') {
            names.push(self.name()?);
        }
        self.sign('}')?;
        Ok(names)
    }

    fn condition(&mut self) -> Read<()> {
        self.expression()?;
        let and = Token::Name("and".to_owned(), false);
        while self.tokens.next_if_eq(&and).is_some() {
            self.expression()?;
        }
        Ok(())
    }

    fn expression(&mut self) -> Read<()> {
        self.value()?;
        let is_operator = |token: &Token| {
            matches!(
                token,
                Token::Sign('=' | '<' | '>' | '!' | '+' | '-' | '*' | '/')
            )
        };
        while let Some(Token::Sign(operator)) = self.tokens.next_if(is_operator) {
            match operator {
                '=' | '!' => self.sign('=')?,
                '<' | '>' => drop(self.has('=')),
                _ => {}
            }
            self.value()?;
        }
        Ok(())
    }

    fn value(&mut self) -> Read<()> {
        match self.next()? {
            Token::Variable(variable) if !variable.is_empty() => {
                self.variables.push(variable);
                Ok(())
            }
            Token::Sign('(') => {
                self.expression()?;
                self.sign(')')
            }
            Token::Name(name, quoted) if self.has('(') => {
                let known = ["if", "isNull", "isNotNull", "in", "array", "iCollectArray"];
                if quoted || !known.contains(&&*name) {
                    return Err(format!("{name} is no function"));
                }
                loop {
                    let word = Token::Name("else".to_owned(), false);
                    if self.tokens.next_if_eq(&word).is_some() {
                        self.sign(':')?;
                    }
                    self.condition()?;
                    if !self.has(',') {
                        break;
                    }
                }
                self.sign(')')
            }
            // Each element of an array.
            Token::Name(..) if self.has('[') => self.sign(']'),
            Token::Text(_) | Token::Name(..) | Token::Number(_) => Ok(()),
            other => Err(format!("{other:?} where a value was due")),
        }
    }

    fn stage(&mut self, query: &mut Timeseries) -> Read<()> {
        let command = self.word(&[
            "fields",
            "fieldsAdd",
            "fieldsRemove",
            "dedup",
            "sort",
            "append",
        ])?;
        let columns = query.columns.iter().map(|column| column.name.clone());
        let mut left = query.left.take().unwrap_or_else(|| columns.collect());
        match &*command {
            "fields" => {
                self.name()?;
                self.sign('=')?;
                self.expression()?;
            }
            "fieldsAdd" => {
                left.push(self.name()?);
                self.sign('=')?;
                self.expression()?;
            }
            "fieldsRemove" => loop {
                let name = self.name()?;
                if !left.contains(&name) {
                    return Err(format!("{name} is not a column"));
                }
                left.retain(|column| *column != name);
                if !self.has(',') {
                    break;
                }
            },
            "append" => {
                self.sign('[')?;
                self.query()?;
                self.sign(']')?;
            }
            _ => drop(self.name()?),
        }
        query.left = Some(left);
        Ok(())
    }
}

/// Columns and dimensions are columns of one table.
fn distinct(query: Timeseries) -> Read<Timeseries> {
    let columns = query.columns.iter().map(|column| &column.name);
    let mut all: Vec<_> = columns.chain(&query.by).collect();
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{} is there twice", pair[0])),
        None => Ok(query),
    }
}
