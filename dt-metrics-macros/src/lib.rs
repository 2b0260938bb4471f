//! The annotations of dt-metrics. Programs name them through `dt_metrics`.

mod args;
mod body;

mod counter;
mod expand;
mod in_body;
mod register;
mod report;
mod span;
mod sync;
mod valid;
mod values;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Counts the calls of a function.
///
/// ```
/// use dt_metrics::counted;
///
/// struct User {
///     tier: String,
/// }
///
/// #[counted(
///     name = "orders",
///     description = "Orders taken",
///     unit = "{order}",
///     dims(region = "eu", tier = user.tier, http.route = "/orders", "dimension-1" = "value-1")
/// )]
/// fn order(user: &User) -> Result<u32, std::fmt::Error> {
///     Ok(1)
/// }
///
/// #[counted(by = bytes.len() as u64, unit = "By")]
/// async fn store(bytes: Vec<u8>) {}
///
/// # let order = order(&User { tier: "gold".to_owned() });
/// assert!(dt_metrics::catalog().iter().any(|descriptor| descriptor.name == "orders"));
/// ```
///
/// The counter is called `crate.module.function.calls` unless `name` says otherwise. It counts on
/// entry, however the function is left; an `async fn` counts when its future is first polled.
///
/// It stands on functions and methods of every kind but `const fn`. On a function of a trait it
/// needs a body.
///
/// # Arguments
///
/// | argument | meaning |
/// | --- | --- |
/// | `name`, `description`, `unit` | string literals, or paths of a `const` of type `&str` |
/// | `dims(key = expr, …)` | dimensions; evaluated on entry, after `by`, before the body |
/// | `by = expr` | adds this `u64` instead of 1; evaluated on entry |
/// | `max_series = n` | the most series this counter has, in place of the pipeline's limit |
/// | `crate = path` | where the library is, for those who re-export it |
///
/// The key of a dimension is an identifier, a dotted path or a string literal. Its value is a text,
/// a `bool`, a number, or an `Option` of those, where `None` leaves the dimension out.
///
/// Literals and `const { … }` blocks cost nothing at run time if all values of the function are
/// such. Blocks that name `Self` or a type or const parameter are evaluated on each call, since
/// they may differ between calls; parameters of an `impl` block are known for such by their name,
/// one capital letter, and cannot be named in a block if they are called otherwise.
///
/// # Errors
///
/// Names, units, descriptions and keys are checked while the program is compiled, by the grammar
/// of the wire and of OpenTelemetry. The error stands under what is wrong:
///
/// ```compile_fail
/// #[dt_metrics::counted(name = "1 bad")]
/// fn f() {}
/// ```
#[proc_macro_attribute]
pub fn counted(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::counted(args.into(), item.into()).into()
}

/// Counts in the middle of a function.
///
/// ```
/// use dt_metrics::count;
///
/// # fn each(lines: &[&str], route: &str) {
/// count!("lines");
/// count!("lines", lines.len() as u64);
/// count!("MyCounter", 25, dims("dimension-1" = "value-1"));
/// count!("MyCounter", dims(route = route), unit = "1", description = "What is counted");
/// # }
/// ```
///
/// First the name, a string literal or the path of a `const` of type `&str`. Then, perhaps, the
/// number to add, a `u64`; without one, 1. Then any of the arguments `dims`, `description`, `unit`,
/// `max_series` and `crate`, as [`counted`](macro@counted) takes them.
///
/// An expression of type `()`. Each place is an instrument of its own in the catalogue; those of
/// one name are one metric.
#[proc_macro]
pub fn count(input: TokenStream) -> TokenStream {
    expand::count(input.into()).into()
}
