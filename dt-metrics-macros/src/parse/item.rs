//! An annotated item, read no further than needed.
//!
//! A function's body keeps its own tokens: their spans survive, editors still jump and complete,
//! and a half-typed body still expands.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, FnArg, Result, Signature, Token, Visibility};

use crate::tokens;

/// What an annotation stands on.
pub(crate) enum Item {
    /// A function, a method, an associated function.
    Function(Box<Function>),
    /// A function of a trait or of an `extern` block that ends in this `;`.
    Bodiless(Token![;]),
    /// Anything else, by the token that says what it is.
    Other(TokenTree),
}

/// A function with a body.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    defaultness: Option<Token![default]>,
    pub(crate) sig: Signature,
    inner_attrs: Vec<Attribute>,
    pub(crate) body: Group,
    /// Whether another macro will look for the `async`.
    pub(crate) stays_async: bool,
}

impl Item {
    pub(crate) fn parse(item: TokenStream) -> Result<Self> {
        <Self as Parse>::parse.parse2(item)
    }
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let item = Self::parse_next(input)?;
        if let Self::Other(_) = item {
            input.parse::<TokenStream>()?;
        }
        Ok(item)
    }
}

impl Item {
    /// Reads the first of several items; of one that is no function, the beginning.
    pub(crate) fn parse_next(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if let Some(other) = not_a_function(&input.fork()) {
            return Ok(Self::Other(other));
        }
        let defaultness = input.parse()?;
        let sig = input.parse()?;
        if let Some(semicolon) = input.parse()? {
            return Ok(Self::Bodiless(semicolon));
        }
        let (inner_attrs, body) = body(&input.parse()?)?;
        let function = Function {
            attrs,
            vis,
            defaultness,
            sig,
            inner_attrs,
            body,
            stays_async: false,
        };
        Ok(Self::Function(Box::new(function)))
    }
}

/// The token that says what an item is that is not a function; `None` for a function.
fn not_a_function(input: ParseStream<'_>) -> Option<TokenTree> {
    let mut item = None;
    while let Ok(token) = input.parse::<TokenTree>() {
        match token.to_string().as_str() {
            "fn" => return None,
            // Of functions, too.
            "default" | "async" | "unsafe" | "safe" => {}
            "const" | "extern" => item = Some(token),
            abi if abi.ends_with('"') => {}
            _ => return Some(item.unwrap_or(token)),
        }
    }
    item
}

/// Whether an attribute is no macro, and means the same on `async fn f() -> T` and on
/// `fn f() -> impl Future<Output = T>`. `#[must_use]` does not.
pub(crate) fn is_inert(attr: &Attribute) -> bool {
    const INERT: &[&str] = &[
        "allow",
        "cfg",
        "cfg_attr",
        "cold",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "forbid",
        "inline",
        "warn",
    ];
    let path = attr.path();
    path.get_ident().map_or_else(
        || {
            let tool = path.segments.first();
            tool.is_some_and(|tool| tool.ident == "clippy" || tool.ident == "rustfmt")
        },
        |name| INERT.iter().any(|inert| name == inert),
    )
}

/// Takes the attributes of the function itself, `#![…]`, out of its body.
fn body(braces: &TokenTree) -> Result<(Vec<Attribute>, Group)> {
    let TokenTree::Group(braces) = braces else {
        return Err(syn::Error::new(
            braces.span(),
            "expected the body of the function",
        ));
    };
    let inner = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_inner)?;
        Ok((attrs, input.parse::<TokenStream>()?))
    };
    let (attrs, rest) = inner.parse2(braces.stream())?;
    let body = if attrs.is_empty() {
        braces.clone()
    } else {
        regroup(braces, rest)
    };
    Ok((attrs, body))
}

/// `tokens` in braces that stand where `braces` stood.
pub(crate) fn regroup(braces: &Group, tokens: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(braces.span());
    group
}

/// Whether clippy wants this function, in some `impl` blocks, to have one expression for a body
/// and nothing more, whatever macros do to it (`non_canonical_clone_impl`,
/// `non_canonical_partial_ord_impl`). It does not ask that of bodies that are a macro's own.
///
/// Others must not be: more than that is said of functions, of which something would be lost.
fn has_canonical_body(vis: &Visibility, sig: &Signature) -> bool {
    matches!(vis, Visibility::Inherited)
        && matches!(sig.inputs.first(), Some(FnArg::Receiver(_)))
        && (sig.ident == "clone" || sig.ident == "partial_cmp")
}

impl Function {
    /// Whether an `async fn` can be a function that returns a future: nobody sees the difference.
    pub(crate) fn can_return_future(&self) -> bool {
        !self.stays_async && self.attrs.iter().all(is_inert)
    }

    /// The attributes called `name`.
    pub(crate) fn attrs(&self, name: &str) -> impl Iterator<Item = &Attribute> {
        let attrs = self.attrs.iter();
        attrs.filter(move |attr| attr.path().is_ident(name))
    }

    /// Whether it asks who called it.
    pub(crate) fn tracks_caller(&self) -> bool {
        self.attrs("track_caller").next().is_some()
    }

    /// The function, with `entry` run before its body.
    ///
    /// The body becomes the tail of a block that has the same place in the source: its value,
    /// its temporaries and its parameters are dropped as before, its items are not in the scope
    /// of `entry`, and the compiler speaks of it as it spoke before.
    ///
    /// The attribute is always true. Without one, the braces of a body of one line would now seem
    /// to be a pair too many (`unused_braces`); `allow` would not do where that is forbidden.
    pub(crate) fn entered(self, entry: &TokenStream) -> TokenStream {
        let body = &self.body;
        let block = quote_spanned!(tokens::ours()=> #entry; #[cfg(all())] #body);
        self.with(block)
    }

    /// The function, with the value of `guard` held while its body runs.
    ///
    /// The body is the tail of a block of ours, so of our edition, whatever the user's: all is
    /// dropped that the body has, temporaries of its last expression included, then the guard,
    /// then the parameters. In an arm of a `match` a closure would not be told what is expected of
    /// it. The attribute is that of [`Self::entered`].
    pub(crate) fn guarded(self, guard: &TokenStream) -> TokenStream {
        let body = &self.body;
        let block = quote_spanned! {tokens::ours()=>
            {
                let __dt_metrics_guard = #guard;
                #[cfg(all())] #body
            }
        };
        self.with(block)
    }

    /// The function as it is.
    pub(crate) fn untouched(self) -> TokenStream {
        let body = self.body.stream();
        self.with(body)
    }

    /// The function, with another block in the place of its body.
    pub(crate) fn with(self, block: TokenStream) -> TokenStream {
        let Self {
            attrs,
            vis,
            defaultness,
            sig,
            inner_attrs,
            body,
            stays_async: _,
        } = self;
        let mut tokens = TokenStream::new();
        tokens.append_all(inner_attrs);
        if body.stream().is_empty() {
            // Clippy lets types of the empty function be unused (`extra_unused_type_parameters`).
            let types = sig.generics.type_params().map(|parameter| &parameter.ident);
            let used = types.map(
                |ty| quote_spanned!(tokens::ours()=> let _ = ::core::marker::PhantomData::<#ty>;),
            );
            tokens.extend(used);
        }
        tokens.extend(block);

        let mut function = TokenStream::new();
        function.append_all(attrs);
        vis.to_tokens(&mut function);
        defaultness.to_tokens(&mut function);
        sig.to_tokens(&mut function);
        let mut braces = regroup(&body, tokens);
        if has_canonical_body(&vis, &sig) {
            braces.set_span(tokens::ours().located_at(body.span()));
        }
        braces.to_tokens(&mut function);
        function
    }
}
