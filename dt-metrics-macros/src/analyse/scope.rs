//! The scope in which an expansion stands: which function it is in, which generic parameters may be
//! in scope, and when the values of dimensions are known there.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::{Expr, GenericParam, Ident};

use crate::parse::dims::{Dimension, Source};
use crate::parse::item::Function;
use crate::parse::summary::summary;
use crate::tokens::{any, ends_in};

/// The place of an annotation or a macro.
#[derive(Default)]
pub(crate) struct Place<'a> {
    /// The line to report for the instrument, if it is not the line of the annotation.
    pub(crate) line: Option<u32>,
    /// The function after which instruments are named by default. In an `impl` block, the name of
    /// the type is in front of it.
    pub(crate) function: Option<String>,
    /// The first sentence of the function's documentation.
    pub(crate) summary: Option<String>,
    /// The type and const parameters of the function.
    generics: Vec<&'a Ident>,
    /// Whether the annotation has several metrics: then its `name` needs suffixes.
    pub(crate) several: bool,
}

impl<'a> Place<'a> {
    /// The place of an annotation on `function`, which is in an `impl` block of the type `ty` if
    /// there is one.
    pub(crate) fn on(function: &'a Function, ty: Option<&str>) -> Self {
        let name = &function.sig.ident;
        let generics = function.sig.generics.params.iter();
        Self {
            line: ty.and_then(|_| line(name)),
            function: Some(ty.map_or_else(|| name.to_string(), |ty| format!("{ty}::{name}"))),
            summary: summary(&function.attrs),
            generics: generics.filter_map(parameter).collect(),
            several: false,
        }
    }
}

/// The line of a name in the source, from 1. Only the compiler provides it.
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

/// When the values of an instrument's dimensions are known.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Known {
    /// While the program is compiled: all of them are literals, or there are none.
    Compiled,
    /// When the instrument is first used: some of them are `const { … }`.
    Once,
    /// On each call.
    Called,
}

impl Known {
    pub(crate) fn of(dims: &[Dimension], place: &Place<'_>) -> Self {
        let mut known = Self::Compiled;
        for dimension in dims {
            match &dimension.source {
                Source::Literal(_) => {}
                Source::Expr(Expr::Const(block))
                    if dimension.format.is_none() && !depends(block, &place.generics) =>
                {
                    known = Self::Once;
                }
                Source::Expr(_) | Source::Spread(_) => return Self::Called,
            }
        }
        known
    }
}

/// Whether a value can differ between the instances of a generic function: then it cannot be in a
/// static, which the instances share.
fn depends(value: &impl ToTokens, generics: &[&Ident]) -> bool {
    begins_path(value, |ident| {
        looks_generic(ident) || generics.contains(&ident)
    })
}

/// Whether `test` holds for an identifier at the beginning of a path.
pub(crate) fn begins_path(tokens: &impl ToTokens, test: impl Fn(&Ident) -> bool) -> bool {
    any(tokens, |before, token| match token {
        TokenTree::Ident(ident) => !ends_in(before, ':') && !ends_in(before, '.') && test(ident),
        _ => false,
    })
}

/// Whether a name is usual for a generic parameter: `Self`, or one capital letter and digits.
///
/// A macro on a method does not see the parameters of the `impl` block around it.
pub(crate) fn looks_generic(ident: &Ident) -> bool {
    let name = ident.to_string();
    let letter = name.trim_end_matches(|c: char| c.is_ascii_digit());
    name == "Self" || matches!(letter.as_bytes(), [b'A'..=b'Z'])
}
