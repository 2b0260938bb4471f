//! Parameters, taken over by a closure or a future with the body.

use core::mem;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Meta, Pat, PatIdent, PatType, Path, Receiver, Signature, Token, Type};

use super::ends::Copied;
use crate::expander::allow_clippy;
use crate::tokens::{Private, any, emit, find_variable, is_ident, is_punct, ours};

/// Whether the user's `exprs` mention a parameter.
pub(crate) fn mentions_parameter(signature: &Signature, exprs: &TokenStream) -> bool {
    signature.inputs.iter().any(|input| match input {
        FnArg::Receiver(_) => find_variable(exprs, "self").is_some(),
        FnArg::Typed(input) => {
            // A macro may bind any name.
            let has_macro = any(&input.pat, |_, token| is_punct(token, '!'));
            let mut names = names(&input.pat).into_iter();
            has_macro && !exprs.is_empty() || names.any(|name| reads_at_end(exprs, &name))
        }
    })
}

/// The parameters that these `exprs` at the end of a call read.
pub(crate) fn copied(signature: &Signature, exprs: &TokenStream) -> Copied {
    let mut copied = Copied::default();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                let Some(place) = find_variable(exprs, "self") else {
                    continue;
                };
                // A format string cannot be changed.
                copied.captures |= any(exprs, |_, token| match token {
                    TokenTree::Literal(text) => text.to_string().contains("{self"),
                    _ => false,
                });
                let this = Ident::new(SELF, place);
                let receiver = &receiver.self_token;
                copied.statement = emit!(let #this = #receiver;);
                copied.variables.push(this.into_token_stream());
            }
            FnArg::Typed(input) => {
                // A macro may bind any name.
                let has_macro = any(&input.pat, |_, token| is_punct(token, '!'));
                copied.captures |= has_macro && !exprs.is_empty();
                let mut names = names(&input.pat);
                names.retain(|name| reads_at_end(exprs, name));
                let names = names.into_iter().map(ToTokens::into_token_stream);
                copied.variables.extend(names);
            }
        }
    }
    if copied.captures {
        copied.statement = TokenStream::new();
        copied.variables.clear();
    }
    copied
}

/// Stands for `self` in statements that are not in the function itself.
const SELF: &str = "__dt_metrics_self";

/// `tokens` with a variable in place of the value `self`.
pub(crate) fn without_self(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_path = |place: usize| {
        tokens
            .get(place + 1)
            .is_some_and(|next| is_punct(next, ':'))
    };
    let each = tokens.iter().enumerate().map(|(place, token)| match token {
        TokenTree::Ident(word) if word == "self" && !is_path(place) => {
            Ident::new(SELF, word.span()).into()
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), without_self(group.stream()));
            inner.set_span(group.span());
            inner.into()
        }
        other => other.clone(),
    });
    each.collect()
}

/// The part of an expansion that takes the parameters over, with the body in it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Target {
    /// A closure that the function calls: a `self` that the body does not name can stay with the
    /// function, which drops it last.
    Closure,
    /// A future, which has to keep all parameters until it ends.
    Future,
}

/// Uses of the parameters outside the body.
pub(crate) struct Used {
    /// The user's expressions that are evaluated on entry.
    pub(crate) on_entry: TokenStream,
    /// The user's expressions that are evaluated when the call ends.
    pub(crate) at_end: TokenStream,
    /// The user's expressions in further annotations of the function.
    pub(crate) further: TokenStream,
    /// Whether other macros may look at the signature.
    pub(crate) by_macros: bool,
}

impl Used {
    fn reads(&self, name: &Ident) -> bool {
        self.reads_itself(name) || reads(&self.further, name)
    }

    /// Whether this annotation reads it.
    fn reads_itself(&self, name: &Ident) -> bool {
        reads(&self.on_entry, name) || reads(&self.at_end, name)
    }

    /// Whether the names in a parameter's pattern have to stay in the signature.
    fn may_need(&self, input: &PatType) -> bool {
        let exprs = [&self.on_entry, &self.at_end, &self.further];
        let has_exprs = exprs.iter().any(|exprs| !exprs.is_empty());
        // A macro may bind any name.
        let has_macro = has_exprs && any(&input.pat, |_, token| is_punct(token, '!'));
        let is_conditional = input.attrs.iter().any(|attr| {
            let path = attr.path();
            path.is_ident("cfg") || path.is_ident("cfg_attr")
        });
        let names = names(&input.pat);
        self.by_macros
            || has_macro
            || names
                .iter()
                .any(|name| reads(&self.further, name) || is_conditional && self.reads_itself(name))
    }
}

fn reads(exprs: &TokenStream, name: &Ident) -> bool {
    find_variable(exprs, &name.to_string()).is_some()
}

/// Whether expressions at the end of a call read this parameter. There, `ret` is the returned value.
fn reads_at_end(exprs: &TokenStream, name: &Ident) -> bool {
    name != "ret" && reads(exprs, name)
}

/// A pattern whose names are read on entry, or kept for the end, while the parameter is still whole.
pub(crate) struct Matched {
    /// The name of the parameter.
    argument: Ident,
    pattern: Pat,
    /// `mut`, if the pattern borrows the parameter with `ref mut`.
    mutability: Option<TokenStream>,
    /// The names that are read at the end, whose values have to be `Copy`.
    pub(crate) copied: Vec<Ident>,
}

/// The statements with which patterns can borrow the parameters where [`matched`] matches them.
pub(crate) fn borrowed(patterns: &[Matched]) -> TokenStream {
    let mutable = patterns.iter().filter_map(|matched| {
        let Matched {
            argument,
            mutability,
            ..
        } = matched;
        let mutability = mutability.as_ref()?;
        let allow = allow_clippy!(clippy::shadow_same);
        Some(emit!(#allow let #mutability #argument = #argument;))
    });
    mutable.collect()
}

/// `entry` with the names of these patterns, which moves none of the parameters: in the guard of a `match`, names
/// have the types that they have behind it, but are only borrowed. The result binds the variables `entered`.
pub(crate) fn matched(
    private: &Private,
    patterns: &[Matched],
    entry: &TokenStream,
    entered: &[TokenStream],
) -> TokenStream {
    if patterns.is_empty() {
        return entry.clone();
    }
    let leave = emit!(match #private::never::<::core::convert::Infallible>() {});
    let mut statements = emit! {
        #entry
        __dt_metrics_entered = ::core::option::Option::Some((#(#entered,)*));
    };
    for Matched {
        argument, pattern, ..
    } in patterns
    {
        let names = names(pattern);
        statements = emit! {
            match #argument {
                #pattern if { #(let _ = &#names;)* #statements false } => #leave,
                _ => {}
            }
        };
    }
    emit! {
        let mut __dt_metrics_entered = ::core::option::Option::None;
        #statements
        let ::core::option::Option::Some((#(#entered,)*)) = __dt_metrics_entered else { #leave };
    }
}

/// The statements that take the parameters over.
pub(crate) struct Taken {
    /// The statement that takes `self` over, if the rest is to be in a second closure or future, which borrows
    /// `self`.
    pub(crate) receiver: Option<TokenStream>,
    pub(crate) statements: TokenStream,
    /// Patterns that are no longer in the signature, but whose names the annotation reads.
    pub(crate) matched: Vec<Matched>,
    /// Whether the signature still has patterns, and parts of parameters may be left to the function.
    pub(crate) has_patterns: bool,
}

/// A statement in a future by which it captures the parameters in their order: if it is dropped before its first
/// poll, it drops them in the order in which they are mentioned.
pub(crate) fn captured(signature: &Signature) -> TokenStream {
    let mut captured = TokenStream::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                let this = &receiver.self_token;
                captured.extend(emit!(let _ = &#this;));
            }
            FnArg::Typed(input) if !is_trivial(&input.ty) => {
                let cfg = attrs_on(&input.attrs, "cfg");
                for name in names(&input.pat) {
                    captured.extend(emit!(#cfg let _ = &#name;));
                }
            }
            FnArg::Typed(_) => {}
        }
    }
    captured
}

/// The statements that move the parameters into a closure or a future with the body. The parameters
/// are dropped as in a function: after everything in the body, the last parameter first. As in an
/// `async fn`, each parameter is moved as a whole before its pattern is matched, so that parts that
/// the pattern does not bind are dropped in the same order.
///
/// In the signature, names replace the patterns, and each `mut` is removed. A pattern stays there if
/// another macro or a further annotation may look at it.
///
/// Parameters that `used` mentions count as used even if the body does not mention them.
pub(crate) fn take_over(
    signature: &mut Signature,
    body: &TokenStream,
    used: &Used,
    target: Target,
) -> Taken {
    let mut taken = Taken {
        receiver: None,
        statements: TokenStream::new(),
        matched: Vec::new(),
        has_patterns: false,
    };
    for (place, input) in signature.inputs.iter_mut().enumerate() {
        taken.statements.extend(match input {
            FnArg::Receiver(receiver) if is_assigned(receiver, body) => {
                taken.receiver = Some(receive(receiver, body, target));
                TokenStream::new()
            }
            FnArg::Receiver(receiver) => receive(receiver, body, target),
            FnArg::Typed(input) => match &*input.pat {
                Pat::Wild(_) => take_unnamed(input, place),
                Pat::Ident(PatIdent {
                    by_ref: None,
                    subpat: None,
                    ..
                }) => take_named(input, body, used),
                // Nothing of these has to be dropped or to stay where it is.
                pattern if is_trivial(&input.ty) && !borrows(pattern, &input.ty) => {
                    take_named(input, body, used)
                }
                _ if !used.may_need(input) => take_pattern(input, place, used, &mut taken.matched),
                _ => {
                    taken.has_patterns = true;
                    take_named(input, body, used)
                }
            },
        });
    }
    taken
}

/// Takes all of `self`: a closure would take only the fields that it names.
fn receive(receiver: &Receiver, body: &TokenStream, target: Target) -> TokenStream {
    let this = &receiver.self_token;
    if target == Target::Future || mentions(body, "self") {
        emit!(let _ = &#this;)
    } else {
        TokenStream::new()
    }
}

/// Whether `self` is taken by value, and something in it is assigned. The compiler reports an
/// assignment to a value that a closure or future owns and does not read (`unused_assignments`),
/// even if the destructor of `self` does.
fn is_assigned(receiver: &Receiver, body: &TokenStream) -> bool {
    receiver.mutability.is_some() && assigns_self(body)
}

fn assigns_self(tokens: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let is_place = |token: &&TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == '.',
        _ => true,
    };
    tokens.iter().enumerate().any(|(start, token)| match token {
        TokenTree::Group(group) => assigns_self(&group.stream()),
        TokenTree::Ident(word) if word == "self" => {
            let place = tokens[start..].iter().take_while(is_place).count();
            let mut operator = tokens[start + place..]
                .iter()
                .filter_map(|token| match token {
                    TokenTree::Punct(punct) => Some(punct.as_char()),
                    _ => None,
                });
            match (operator.next(), operator.next()) {
                (Some('='), next) => next != Some('='),
                (Some('+' | '-' | '*' | '/' | '%' | '^' | '&' | '|'), next) => next == Some('='),
                (Some('<' | '>'), Some('<' | '>')) => operator.next() == Some('='),
                _ => false,
            }
        }
        _ => false,
    })
}

/// Takes a parameter without a name, which gets one.
fn take_unnamed(input: &mut PatType, place: usize) -> TokenStream {
    if is_trivial(&input.ty) {
        return TokenStream::new();
    }
    let name = format_ident!("_arg{place}", span = ours());
    *input.pat = by_value(name.clone());
    let cfg = attrs_on(&input.attrs, "cfg");
    let allow = allow_clippy!(clippy::shadow_same, clippy::no_effect_underscore_binding);
    emit!(#cfg #allow let #name = #name;)
}

/// Takes a parameter as a whole, then matches its pattern.
fn take_pattern(
    input: &mut PatType,
    place: usize,
    used: &Used,
    matched: &mut Vec<Matched>,
) -> TokenStream {
    let name = format_ident!("arg{place}", span = ours());
    let pattern = mem::replace(&mut *input.pat, by_value(name.clone()));
    let cfg = attrs_on(&input.attrs, "cfg");
    let lints = take_lints(&mut input.attrs, false);
    // `ref mut` borrows it.
    let is_ref = |before: &[TokenTree]| before.last().is_some_and(|last| is_ident(last, "ref"));
    let is_borrowed = any(&pattern, |before, token| {
        is_ref(before) && is_ident(token, "mut")
    });
    let mutability = is_borrowed.then(|| emit!(mut));
    let bind = bind(&pattern, &name);
    let mut read = names(&pattern);
    read.retain(|name| used.reads_itself(name));
    if !read.is_empty() {
        let mut pattern = pattern;
        bindings(&mut pattern, &mut Vec::new());
        // Parameters need parentheses around alternatives, the arm of a `match` does not.
        while let Pat::Paren(inner) = pattern {
            pattern = *inner.pat;
        }
        matched.push(Matched {
            argument: name.clone(),
            pattern,
            mutability: mutability.clone(),
            copied: read
                .iter()
                .filter(|name| reads_at_end(&used.at_end, name))
                .cloned()
                .collect(),
        });
    }
    let allow = allow_clippy!(clippy::shadow_same);
    emit! {
        #cfg
        #allow
        let #mutability #name = #name;
        #cfg
        #lints
        #bind
        #(let _ = #read;)*
    }
}

/// The statement that matches a parameter with its pattern: the compiler reports at its place if the pattern
/// does not fit.
fn bind(pattern: &Pat, name: &Ident) -> TokenStream {
    let mut places = pattern
        .to_token_stream()
        .into_iter()
        .map(|token| token.span());
    let first = places.next().unwrap_or_else(ours);
    let last = places.last().unwrap_or(first);
    let (first, last) = (ours().located_at(first), ours().located_at(last));
    let keyword = quote_spanned!(first=> let);
    let value = quote_spanned!(last=> = #name;);
    emit!(#keyword #pattern #value)
}

/// Takes the variables that a parameter binds.
fn take_named(input: &mut PatType, body: &TokenStream, used: &Used) -> TokenStream {
    let is_name = matches!(&*input.pat, Pat::Ident(_));
    let mut taken = Vec::new();
    bindings(&mut input.pat, &mut taken);
    let is_trivial = is_trivial(&input.ty);
    taken.retain(|(_, name)| {
        let name = name.to_string();
        !(is_trivial && name.starts_with('_') && !mentions(body, &name))
    });
    if taken.is_empty() {
        return TokenStream::new();
    }
    let cfg = attrs_on(&input.attrs, "cfg");
    let lints = take_lints(&mut input.attrs, is_name);
    let mut statements = TokenStream::new();
    for (mutability, name) in taken {
        let text = name.to_string();
        // Taking a parameter over is not a use of it.
        let underscored = text.starts_with('_').then(|| {
            allow_clippy!(
                clippy::no_effect_underscore_binding,
                clippy::used_underscore_binding,
            )
        });
        let mutable = mutability.map(|_| allow_clippy!(clippy::collection_is_never_read));
        let allow = allow_clippy!(clippy::shadow_same, clippy::min_ident_chars);
        let is_used = used.reads(&name).then(|| emit!(let _ = #name;));
        statements.extend(emit! {
            #cfg
            #allow
            #underscored
            #mutable
            #lints
            let #mutability #name = #name;
            #is_used
        });
    }
    statements
}

/// The attributes called `name`.
fn attrs_on(attrs: &[Attribute], name: &str) -> TokenStream {
    let attrs = attrs.iter().filter(|attr| attr.path().is_ident(name));
    attrs.map(ToTokens::to_token_stream).collect()
}

/// Moves the lint attributes of a parameter to the statement that takes it over, if the lints check
/// such statements, and copies lint attributes that may apply to either place to both. If the
/// parameter `keeps_name`, lints of names look at both.
fn take_lints(attrs: &mut Vec<Attribute>, keeps_name: bool) -> TokenStream {
    let mut taken = TokenStream::new();
    attrs.retain_mut(|attr| {
        let Some(lints) = Lints::of(attr) else {
            return true;
        };
        let mut on_statement = attr.clone();
        let stays = match lints {
            Lints::OfUse => false,
            Lints::OfNames => keeps_name,
            Lints::Other => {
                expect_nothing(&mut on_statement);
                true
            }
        };
        on_statement.to_tokens(&mut taken);
        stays
    });
    taken
}

/// The kind of the lints in an attribute.
enum Lints {
    /// Lints of how a variable is used.
    OfUse,
    /// Lints of how a variable is called.
    OfNames,
    Other,
}

impl Lints {
    /// `None` if the attribute sets no level, or not only that.
    fn of(attr: &Attribute) -> Option<Self> {
        Self::of_meta(&attr.meta)
    }

    fn of_meta(meta: &Meta) -> Option<Self> {
        let Meta::List(list) = meta else {
            return None;
        };
        let parse = Punctuated::<Meta, Token![,]>::parse_terminated;
        let metas = parse.parse2(list.tokens.clone()).ok()?;
        if list.path.is_ident("cfg_attr") {
            let mut kinds = metas.iter().skip(1).map(Self::of_meta);
            let first = kinds.next()??;
            return kinds.try_fold(first, |all, kind| Some(all.and(kind?)));
        }
        let levels = ["allow", "expect", "warn", "deny", "forbid"];
        if !levels.iter().any(|level| list.path.is_ident(level)) {
            return None;
        }
        let lints = metas.iter().filter(|meta| matches!(meta, Meta::Path(_)));
        lints
            .map(|lint| Self::of_lint(lint.path()))
            .reduce(Self::and)
    }

    fn of_lint(lint: &Path) -> Self {
        let last = lint.segments.last();
        let name = last.map(|last| last.ident.to_string()).unwrap_or_default();
        match name.as_str() {
            "toplevel_ref_arg" | "used_underscore_binding" => Self::OfUse,
            "disallowed_names"
            | "just_underscores_and_digits"
            | "min_ident_chars"
            | "non_snake_case"
            | "nonstandard_style" => Self::OfNames,
            name if name.starts_with("unused") => Self::OfUse,
            _ => Self::Other,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::OfUse, Self::OfUse) => Self::OfUse,
            (Self::OfNames, Self::OfNames) => Self::OfNames,
            _ => Self::Other,
        }
    }
}

/// Makes each `expect` of an attribute an `allow`.
fn expect_nothing(attr: &mut Attribute) {
    let Meta::List(list) = &mut attr.meta else {
        return;
    };
    if let Some(level) = list.path.segments.first_mut()
        && level.ident == "expect"
    {
        level.ident = Ident::new("allow", level.ident.span());
    }
    let tokens = list.tokens.clone().into_iter().map(|token| match token {
        TokenTree::Ident(word) if word == "expect" => Ident::new("allow", word.span()).into(),
        other => other,
    });
    list.tokens = tokens.collect();
}

/// Whether `name` occurs as an identifier or in a literal, which may be a format string.
fn mentions(tokens: &TokenStream, name: &str) -> bool {
    any(tokens, |_, token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Literal(literal) => name != "self" && literal.to_string().contains(name),
        TokenTree::Group(_) | TokenTree::Punct(_) => false,
    })
}

const PRIMITIVE: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16",
    "u32", "u64", "u128", "usize",
];

/// Whether dropping a value of this type does nothing.
fn is_trivial(ty: &Type) -> bool {
    match ty {
        Type::Reference(_) | Type::Ptr(_) | Type::Never(_) | Type::FnPtr(_) => true,
        Type::Tuple(tuple) => tuple.elems.iter().all(is_trivial),
        Type::Path(path) => {
            let name = path.path.get_ident();
            name.is_some_and(|name| PRIMITIVE.iter().any(|ty| name == ty))
        }
        _ => false,
    }
}

/// Whether a pattern borrows from the parameter itself, not from the target of a reference.
fn borrows(pattern: &Pat, ty: &Type) -> bool {
    match ty {
        Type::Reference(_) => matches!(pattern, Pat::Ident(_) | Pat::Paren(_)),
        _ => any(pattern, |_, token| is_ident(token, "ref")),
    }
}

fn by_value(ident: Ident) -> Pat {
    Pat::Ident(PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident,
        subpat: None,
    })
}

/// The names that a pattern binds.
fn names(pattern: &Pat) -> Vec<Ident> {
    let mut names = Vec::new();
    bindings(&mut pattern.clone(), &mut names);
    names.into_iter().map(|(_, name)| name).collect()
}

/// Adds the names that a pattern binds, each with its `mut`, which is removed from the pattern.
fn bindings(pattern: &mut Pat, names: &mut Vec<(Option<Token![mut]>, Ident)>) {
    match pattern {
        Pat::Ident(binding) => {
            let mutability = match binding.by_ref {
                None => binding.mutability.take(),
                Some(_) => None,
            };
            names.push((mutability, binding.ident.clone()));
            if let Some((_, inner)) = &mut binding.subpat {
                bindings(inner, names);
            }
        }
        Pat::Paren(pattern) => bindings(&mut pattern.pat, names),
        Pat::Reference(pattern) => bindings(&mut pattern.pat, names),
        Pat::Slice(pattern) => pattern.elems.iter_mut().for_each(|p| bindings(p, names)),
        Pat::Tuple(pattern) => pattern.elems.iter_mut().for_each(|p| bindings(p, names)),
        Pat::TupleStruct(pattern) => pattern.elems.iter_mut().for_each(|p| bindings(p, names)),
        Pat::Struct(pattern) => {
            for field in &mut pattern.fields {
                // `Point { mut x }` also has a pattern.
                bindings(&mut field.pat, names);
            }
        }
        // All alternatives bind the same names.
        Pat::Or(pattern) => {
            let mut cases = pattern.cases.iter_mut();
            if let Some(first) = cases.next() {
                bindings(first, names);
            }
            cases.for_each(|case| bindings(case, &mut Vec::new()));
        }
        // Other patterns bind nothing, or nothing that a macro can see.
        _ => {}
    }
}
