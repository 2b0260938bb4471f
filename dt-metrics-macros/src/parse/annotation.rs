//! What an annotation is called, and which arguments it takes.

use proc_macro2::Span;
use syn::{Error, Ident};

/// An argument, by its name.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Argument {
    Name,
    Description,
    Unit,
    /// A unit of time.
    TimeUnit,
    Boundaries,
    Dims,
    RetDims,
    By,
    Value,
    Outcome,
    When,
    Kind,
    MaxSeries,
    Rename,
    Crate,
}

impl Argument {
    const fn written(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::Unit | Self::TimeUnit => "unit",
            Self::Boundaries => "boundaries",
            Self::Dims => "dims",
            Self::RetDims => "ret_dims",
            Self::By => "by",
            Self::Value => "value",
            Self::Outcome => "outcome",
            Self::When => "when",
            Self::Kind => "kind",
            Self::MaxSeries => "cardinality_limit",
            Self::Rename => "rename",
            Self::Crate => "crate",
        }
    }
}

/// What dimensions are called elsewhere.
const OTHER_WORDS: [&str; 7] = [
    "attributes",
    "attrs",
    "dim",
    "dimensions",
    "fields",
    "labels",
    "tags",
];

/// One annotation or macro of the family.
pub(crate) struct Annotation {
    /// As messages call it.
    pub(crate) written: &'static str,
    /// In the order in which messages list them.
    pub(crate) takes: &'static [Argument],
    /// What it cannot be without.
    pub(crate) needs: &'static [Argument],
    /// Whether it has the dimension `outcome` unasked.
    pub(crate) outcome: bool,
}

impl Annotation {
    pub(crate) fn argument(&self, key: &Ident) -> Option<Argument> {
        self.takes
            .iter()
            .copied()
            .find(|argument| key == argument.written())
    }

    /// Whether the name is an argument, as for attributes.
    pub(crate) fn names(&self) -> bool {
        self.takes
            .iter()
            .any(|argument| matches!(argument, Argument::Name))
    }

    /// The error for an argument that is not among these.
    pub(crate) fn unknown(&self, key: &Ident) -> Error {
        let dims =
            self.takes.contains(&Argument::Dims) && OTHER_WORDS.iter().any(|word| key == word);
        let message = format!(
            "unknown argument `{key}`: {}`{}` takes {}",
            if dims { "`dims`? " } else { "" },
            self.written,
            self.list()
        );
        Error::new(key.span(), message)
    }

    /// The error for arguments without which it cannot be.
    pub(crate) fn missing(&self, given: impl Fn(Argument) -> bool) -> Option<Error> {
        let missing = self.needs.iter().filter(|argument| !given(**argument));
        let missing: Vec<&str> = missing.map(|argument| argument.written()).collect();
        let first = missing.first()?;
        let written = self.written.trim_matches(['#', '[', ']']);
        let example: Vec<String> = missing.iter().map(|name| format!("{name} = …")).collect();
        let message = format!(
            "`{}` needs its `{first}`: write `#[{written}({})]`",
            self.written,
            example.join(", ")
        );
        Some(Error::new(Span::call_site(), message))
    }

    /// "`name`, `description` or `unit`".
    pub(crate) fn list(&self) -> String {
        let names = self.takes.iter().map(|argument| argument.written());
        alternatives(&names.collect::<Vec<_>>())
    }
}

/// "`a`, `b` or `c`".
pub(crate) fn alternatives(words: &[&str]) -> String {
    let mut list = String::new();
    for (i, word) in words.iter().enumerate() {
        list.push_str(match i {
            0 => "`",
            _ if i + 1 == words.len() => "` or `",
            _ => "`, `",
        });
        list.push_str(word);
    }
    list.push('`');
    list
}
