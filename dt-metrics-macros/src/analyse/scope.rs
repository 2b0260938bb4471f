//! Where an annotation or a macro stands.

use syn::{GenericParam, Ident};

use crate::parse::item::Function;

/// What is known of the place.
#[derive(Default)]
pub(crate) struct Place<'a> {
    /// The line to say that it is on, if not the annotation's.
    pub(crate) line: Option<u32>,
    /// The function, behind its type in an `impl` block, if it can give instruments their names.
    pub(crate) function: Option<String>,
    /// The type and const parameters that are known to be in scope.
    pub(crate) generics: Vec<&'a Ident>,
    /// Whether the annotation makes several instruments, so that a name is that of all of them.
    pub(crate) several: bool,
}

impl<'a> Place<'a> {
    pub(crate) fn on(function: &'a Function) -> Self {
        let generics = function.sig.generics.params.iter().filter_map(parameter);
        Self {
            function: Some(function.sig.ident.to_string()),
            generics: generics.collect(),
            ..Self::default()
        }
    }

    /// In an `impl` block of the type `ty`.
    pub(crate) fn of(mut self, ty: Option<&str>, name: &Ident) -> Self {
        if let (Some(ty), Some(function)) = (ty, &mut self.function) {
            *function = format!("{ty}::{function}");
            self.line = line(name);
        }
        self
    }
}

/// The line in the source, from 1; only the compiler knows it.
fn line(name: &Ident) -> Option<u32> {
    let known = proc_macro::is_available();
    known.then(|| name.span().unwrap().line().try_into().ok())?
}

fn parameter(parameter: &GenericParam) -> Option<&Ident> {
    match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    }
}
