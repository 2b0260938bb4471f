//! An option of the builders, and how its variables are read.

use std::borrow::Cow;

use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::unquoted::unquoted;

/// An option of the builders.
pub(crate) struct Row {
    /// The method of the builder.
    pub(crate) name: &'static str,
    pub(crate) scope: Scope,
    /// The first variable with a usable value counts.
    pub(crate) variables: &'static [Variable],
    /// Completes "use …", for a value in a variable.
    pub(crate) values: &'static str,
    pub(crate) default: &'static str,
    /// Whether the environment adds to the values of the program.
    adds: bool,
    /// The value for a reader, without secrets.
    pub(crate) show: fn(&Options) -> Cow<'static, str>,
}

/// The builders that have an option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// Both builders, or the exporter's alone. The exporter that the pipeline makes has all of them.
    Exporter,
    /// The pipeline's builder alone.
    Pipeline,
}

/// An environment variable, and how it sets its option.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// The values, if they differ from the values of the option.
    values: Option<&'static str>,
    parse: Parse,
}

/// Sets an option to the value in a text. `Ok(false)` if the text is about something else. An entry
/// of a list that is not usable is reported by its position, and the other entries are used.
pub(super) type Parse = fn(&str, &mut Options, &mut Entries) -> Result<bool, String>;

/// The positions of entries that are not usable, with the reasons.
pub(super) type Entries = Vec<(usize, String)>;

impl Row {
    pub(super) const fn new(
        name: &'static str,
        scope: Scope,
        variables: &'static [Variable],
        [default, values]: [&'static str; 2],
        show: fn(&Options) -> Cow<'static, str>,
    ) -> Self {
        Self {
            name,
            scope,
            variables,
            values,
            default,
            adds: false,
            show,
        }
    }

    /// A list to which the environment adds.
    pub(super) const fn list(mut self) -> Self {
        self.adds = true;
        self
    }

    /// Reads the variables, unless the program sets the option.
    pub(super) fn read(&self, options: &mut Options, environment: Environment) {
        let program = options.source(self.name);
        if program != Source::Default && !self.adds {
            return;
        }
        let mut ignored = Vec::new();
        for variable in self.variables {
            let Variable { name, parse, .. } = variable;
            let values = variable.values.unwrap_or(self.values);
            let text = environment(name).unwrap_or_default();
            let Some(text) = unquoted(&text) else {
                continue;
            };
            let mut entries = Entries::new();
            match parse(text, options, &mut entries) {
                Ok(true) => {
                    let source = match program {
                        Source::Default => Source::Environment(name),
                        _ => Source::ProgramAndEnvironment(name),
                    };
                    options.sources.insert(self.name, source);
                }
                Ok(false) => {}
                Err(reason) => ignored.push((name, reason, values)),
            }
            options.warnings.extend(entries.iter().map(|(at, reason)| {
                format!("ignoring entry {at} of {name}, since {reason}: use {values}")
            }));
            if options.source(self.name) != program {
                break;
            }
        }
        let used = match options.source(self.name) {
            Source::Default => format!("the default is used: {}", self.default),
            source => format!("the value from {source} is used"),
        };
        options
            .warnings
            .extend(ignored.iter().map(|(name, reason, values)| {
                format!("ignoring {name}, since {reason}: use {values}; {used}")
            }));
    }
}

pub(super) const fn variable(name: &'static str, parse: Parse) -> Variable {
    Variable {
        name,
        values: None,
        parse,
    }
}

/// A variable with values of its own.
pub(super) const fn foreign(name: &'static str, values: &'static str, parse: Parse) -> Variable {
    Variable {
        name,
        values: Some(values),
        parse,
    }
}
