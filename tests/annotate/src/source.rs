//! A source file, with attributes in front of its functions, on the lines where those begin.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    ImplItem, ImplItemFn, ImplItemMacro, ItemFn, ItemImpl, ItemMacro, Signature, TraitItemFn,
    TraitItemMacro, Visibility,
};

use crate::{Options, macros};

/// A file as it is to be.
pub struct Annotated {
    pub text: String,
    /// How many attributes of each kind were put in.
    pub count: usize,
}

/// Puts the annotations in front of every function that has a body and is not `const`.
///
/// # Errors
///
/// A source that is not Rust is an error of the parser.
pub fn annotate(text: &str, options: &Options) -> syn::Result<Annotated> {
    let (mark, source) = match text.strip_prefix('\u{feff}') {
        Some(source) => ("\u{feff}", source),
        None => ("", text),
    };
    let file = syn::parse_str(source)?;
    let mut places = Places {
        options,
        functions: Vec::new(),
        blocks: Vec::new(),
    };
    places.visit_file(&file);
    let Places {
        functions, blocks, ..
    } = places;
    let functions = functions
        .into_iter()
        .map(|place| (place, &options.with[..]));
    let blocks = blocks
        .into_iter()
        .map(|place| (place, options.impls.as_slice()));
    let mut places: Vec<(usize, &[String])> = functions.chain(blocks).collect();
    places.sort_unstable();
    places.dedup();

    let mut annotated = mark.to_owned();
    let mut from = 0;
    for &(place, annotations) in &places {
        annotated.push_str(&source[from..place]);
        for annotation in annotations {
            let library = if annotation.starts_with("tracing::") {
                "::"
            } else {
                "::dt_metrics::"
            };
            annotated.extend(["#[", library, annotation, "] "]);
        }
        from = place;
    }
    annotated.push_str(&source[from..]);
    Ok(Annotated {
        text: annotated,
        count: places.len(),
    })
}

/// Where attributes go: after existing attributes, so that `#[cfg]` and other macros act first.
struct Places<'a> {
    options: &'a Options,
    functions: Vec<usize>,
    blocks: Vec<usize>,
}

impl Places<'_> {
    fn function(&mut self, visibility: &Visibility, default: &impl ToTokens, sig: &Signature) {
        if sig.constness.is_none() {
            let mut tokens = visibility.to_token_stream();
            default.to_tokens(&mut tokens);
            sig.to_tokens(&mut tokens);
            self.functions.extend(start(tokens));
        }
    }
}

/// The start of the first token.
fn start(tokens: TokenStream) -> Option<usize> {
    let first = tokens.into_iter().next()?;
    Some(first.span().byte_range().start)
}

impl<'ast> Visit<'ast> for Places<'_> {
    fn visit_item_fn(&mut self, node: &'ast ItemFn) {
        self.function(&node.vis, &node.modifiers.defaultness, &node.sig);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast ImplItemFn) {
        if self.options.impls.is_none() {
            self.function(&node.vis, &node.modifiers.defaultness, &node.sig);
        }
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_trait_item_fn(&mut self, node: &'ast TraitItemFn) {
        if node.default.is_some() {
            self.function(
                &Visibility::Inherited,
                &node.modifiers.defaultness,
                &node.sig,
            );
        }
        visit::visit_trait_item_fn(self, node);
    }

    fn visit_item_impl(&mut self, node: &'ast ItemImpl) {
        let measured = |item: &ImplItem| matches!(item, ImplItem::Fn(function) if function.sig.constness.is_none());
        if self.options.impls.is_some() && node.items.iter().any(measured) {
            let mut tokens = node.modifiers.defaultness.to_token_stream();
            node.unsafety.to_tokens(&mut tokens);
            node.impl_token.to_tokens(&mut tokens);
            self.blocks.extend(start(tokens));
        }
        visit::visit_item_impl(self, node);
    }

    fn visit_item_macro(&mut self, node: &'ast ItemMacro) {
        if self.options.macros {
            if node.mac.path.is_ident("macro_rules") {
                macros::rules(&node.mac.tokens, &mut self.functions);
            } else {
                macros::items(&node.mac.tokens, &mut self.functions);
            }
        }
    }

    fn visit_impl_item_macro(&mut self, node: &'ast ImplItemMacro) {
        if self.options.macros {
            macros::items(&node.mac.tokens, &mut self.functions);
        }
    }

    fn visit_trait_item_macro(&mut self, node: &'ast TraitItemMacro) {
        if self.options.macros {
            macros::items(&node.mac.tokens, &mut self.functions);
        }
    }
}

#[cfg(test)]
mod tests;
