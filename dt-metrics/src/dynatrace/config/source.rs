//! Where the value of an option comes from.

use std::fmt;

use crate::dynatrace::config::endpoint_file::ENDPOINT_FILE;

/// The source of an option's value. `Display` prints a name to search for, such as the name of the variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// The program set the value with a method of a builder.
    Program,
    /// The value is in the environment variable with this name.
    Environment(&'static str),
    /// The program set a part of the value, and the environment variable with this name has the rest.
    ProgramAndEnvironment(&'static str),
    /// The value is in `/var/lib/dynatrace/enrichment/endpoint/endpoint.properties`, the file of Dynatrace's
    /// Kubernetes operator.
    File,
    /// The option is not configured, so the default applies.
    Default,
}

impl Source {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Program => "the program",
            Self::Environment(variable) | Self::ProgramAndEnvironment(variable) => variable,
            Self::File => ENDPOINT_FILE,
            Self::Default => "the default",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::ProgramAndEnvironment(_) = self {
            f.write_str("the program and ")?;
        }
        f.write_str(self.describe())
    }
}
