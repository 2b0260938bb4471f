//! Bodies in expansions that stay where they were, with something done around them.

use proc_macro2::{Group, TokenStream};

use crate::tokens::emit;

/// The body with `entry` run before it.
///
/// The body becomes the tail of a block at the same place in the source. Thus its value, its
/// temporaries and the parameters are dropped as before, its items are not in the scope of `entry`,
/// and the compiler's messages about it do not change.
///
/// `#[cfg(all())]` is always true. Without an attribute, a body of one line would seem to have a
/// needless pair of braces (`unused_braces`), and `allow` is an error where that lint is forbidden.
pub(crate) fn entered(body: &Group, entry: &TokenStream) -> TokenStream {
    emit!(#entry; #[cfg(all())] #body)
}

/// The body with the value of `guard` held while it runs.
///
/// The body becomes the tail of a block in the edition of this crate, regardless of the user's
/// edition: everything that the body owns is dropped first, temporaries of its last expression
/// included, then the guard, then the parameters. An arm of a `match` would not do, since a closure
/// in it would not see which type is expected. For the attribute see [`entered`].
pub(crate) fn guarded(body: &Group, guard: &TokenStream) -> TokenStream {
    emit! {
        {
            let __dt_metrics_guard = #guard;
            #[cfg(all())] #body
        }
    }
}
