//! A source file, with attributes in front of its functions, on the lines where those begin.

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
/// What is not Rust, as the parser says it.
pub fn annotate(text: &str, options: &Options) -> syn::Result<Annotated> {
    let (mark, source) = match text.strip_prefix('\u{feff}') {
        Some(source) => ("\u{feff}", source),
        None => ("", text),
    };
    let file = syn::parse_str(source)?;
    let mut places = Places {
        options,
        places: Vec::new(),
    };
    places.visit_file(&file);
    places.places.sort_unstable();
    places.places.dedup();

    let attributes = options.with.iter();
    let attributes: Vec<String> = attributes
        .map(|annotation| {
            let library = if annotation.starts_with("tracing::") {
                "::"
            } else {
                "::dt_metrics::"
            };
            format!("#[{library}{annotation}] ")
        })
        .collect();
    let attributes = attributes.concat();
    let mut annotated = mark.to_owned();
    let mut from = 0;
    for &place in &places.places {
        annotated.push_str(&source[from..place]);
        annotated.push_str(&attributes);
        from = place;
    }
    annotated.push_str(&source[from..]);
    Ok(Annotated {
        text: annotated,
        count: places.places.len(),
    })
}

/// Where attributes go: behind those that are there, so that `#[cfg]` and other macros act first.
struct Places<'a> {
    options: &'a Options,
    places: Vec<usize>,
}

impl Places<'_> {
    fn function(&mut self, visibility: &Visibility, default: &impl ToTokens, sig: &Signature) {
        if sig.constness.is_none() {
            let mut tokens = visibility.to_token_stream();
            default.to_tokens(&mut tokens);
            sig.to_tokens(&mut tokens);
            self.before(tokens);
        }
    }

    fn before(&mut self, tokens: impl ToTokens) {
        if let Some(first) = tokens.into_token_stream().into_iter().next() {
            self.places.push(first.span().byte_range().start);
        }
    }
}

impl<'ast> Visit<'ast> for Places<'_> {
    fn visit_item_fn(&mut self, node: &'ast ItemFn) {
        self.function(&node.vis, &node.modifiers.defaultness, &node.sig);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast ImplItemFn) {
        if !self.options.impls {
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
        if self.options.impls && node.items.iter().any(measured) {
            let mut tokens = node.modifiers.defaultness.to_token_stream();
            node.unsafety.to_tokens(&mut tokens);
            node.impl_token.to_tokens(&mut tokens);
            self.before(tokens);
        }
        visit::visit_item_impl(self, node);
    }

    fn visit_item_macro(&mut self, node: &'ast ItemMacro) {
        if self.options.macros {
            if node.mac.path.is_ident("macro_rules") {
                macros::rules(&node.mac.tokens, &mut self.places);
            } else {
                macros::items(&node.mac.tokens, &mut self.places);
            }
        }
    }

    fn visit_impl_item_macro(&mut self, node: &'ast ImplItemMacro) {
        if self.options.macros {
            macros::items(&node.mac.tokens, &mut self.places);
        }
    }

    fn visit_trait_item_macro(&mut self, node: &'ast TraitItemMacro) {
        if self.options.macros {
            macros::items(&node.mac.tokens, &mut self.places);
        }
    }
}

#[cfg(test)]
mod tests;
