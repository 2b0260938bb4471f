//! The names of annotations and macros, and the arguments that each of them takes.

use proc_macro2::Span;
use syn::{Error, Ident};

/// An argument that an annotation can take.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Argument {
    Name,
    Description,
    Unit,
    /// A `unit` that has to be one of time.
    TimeUnit,
    Boundaries,
    Dims,
    RetDims,
    By,
    Value,
    Outcome,
    /// The condition for a returned value that counts as an error.
    ErrIf,
    When,
    /// Whether the duration is recorded.
    Duration,
    /// Whether the calls in flight are counted.
    InFlight,
    Objective,
    Kind,
    CardinalityLimit,
    Rename,
    Transparent,
    Skip,
    Crate,
}

impl Argument {
    pub(crate) const fn written(self) -> &'static str {
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
            Self::ErrIf => "err_if",
            Self::When => "when",
            Self::Duration => "duration",
            Self::InFlight => "in_flight",
            Self::Objective => "objective",
            Self::Kind => "kind",
            Self::CardinalityLimit => "cardinality_limit",
            Self::Rename => "rename",
            Self::Transparent => "transparent",
            Self::Skip => "skip",
            Self::Crate => "crate",
        }
    }
}

/// The argument that users may mean by this name.
fn meant(key: &Ident) -> Option<Argument> {
    match key.to_string().as_str() {
        "attributes" | "attrs" | "dim" | "dimensions" | "fields" | "labels" | "tags" => {
            Some(Argument::Dims)
        }
        "err_when" | "error_if" | "is_err" | "ok_if" | "ok_when" => Some(Argument::ErrIf),
        "objectives" | "slo" => Some(Argument::Objective),
        _ => None,
    }
}

/// One annotation or macro of the family.
pub(crate) struct Annotation {
    /// Its name in messages.
    pub(crate) written: &'static str,
    /// In the order in which messages list them.
    pub(crate) takes: &'static [Argument],
    /// Arguments that cannot be omitted.
    pub(crate) needs: &'static [Argument],
    /// Whether it always has the dimension `outcome`.
    pub(crate) outcome: bool,
}

impl Annotation {
    pub(crate) fn argument(&self, key: &Ident) -> Option<Argument> {
        self.takes
            .iter()
            .copied()
            .find(|argument| key == argument.written())
    }

    /// The error for an argument that it does not take.
    pub(crate) fn unknown(&self, key: &Ident) -> Error {
        let meant = meant(key).filter(|argument| self.takes.contains(argument));
        let meant = meant.map(|argument| format!("`{}`? ", argument.written()));
        let message = format!(
            "unknown argument `{key}`: {}`{}` takes {}",
            meant.unwrap_or_default(),
            self.written,
            self.list()
        );
        Error::new(key.span(), message)
    }

    /// The error for missing arguments, if any is missing.
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

    /// The names of the arguments: "`name`, `description` or `unit`".
    pub(crate) fn list(&self) -> String {
        let names = self.takes.iter();
        let mut names: Vec<String> = names.map(|name| format!("`{}`", name.written())).collect();
        let last = names.pop().unwrap_or_default();
        if names.is_empty() {
            return last;
        }
        format!("{} or {last}", names.join(", "))
    }
}
