//! The annotations of dt-metrics. Programs name them through `dt_metrics`.

mod args;
mod body;
mod derive;
mod describe;
mod expand;
mod impls;
mod in_body;
mod measure;
mod observed;
mod outlives;
mod output;
mod params;
mod place;
mod record;
mod register;
mod report;
mod span;
mod straight;
mod sync;
mod valid;
mod values;
mod wrap;

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
/// entry, however the function is left, and at the end of the call if `outcome`, `when` or `ret_dims`
/// asks how that was.
///
/// It stands on functions and methods of every kind but `const fn`. On a function of a trait it
/// needs a body.
///
/// A future is measured while it runs, not while it is made: from its first poll until it is done
/// or dropped; one that is never polled is no call. So it is with `async fn`, with functions that
/// return `impl Future` or a `Pin<Box<dyn Future>>` under any name, and with those of
/// `#[async_trait]`, whichever of the two attributes comes first. Other types of futures are
/// measured while they are made, and so are boxed ones under an alias, or an associated type, of a
/// value of which is not said that it lives long enough (`BoxFuture<T>` without `T: 'static`).
///
/// # Arguments
///
/// | argument | meaning |
/// | --- | --- |
/// | `name`, `description`, `unit` | string literals, or paths of a `const` of type `&str` |
/// | `dims(key = expr, …)` | dimensions; evaluated on entry, after `by`, before the body |
/// | `ret_dims(key = expr, …)` | dimensions of what is returned, which is `ret`, a reference; parameters are gone then |
/// | `outcome` | the dimension `outcome`: `ok`, `err`, `panic` or `cancelled` |
/// | `when = ok` | counts only calls of this outcome |
/// | `by = expr` | adds this `u64` instead of 1; evaluated on entry |
/// | `max_series = n` | the most series this counter has, in place of the pipeline's limit |
/// | `crate = path` | where the library is, for those who re-export it |
///
/// The key of a dimension is an identifier, a dotted path or a string literal. Its value is a text,
/// a `bool`, a number, or an `Option` of those, where `None` leaves the dimension out.
///
/// ```
/// use dt_metrics::counted;
/// use dt_metrics::testing::capture;
///
/// #[counted(name = "found", outcome, dims(text = text), ret_dims(size = ret.as_ref().ok().copied()))]
/// #[counted(name = "not.found", when = err)]
/// fn find(text: String) -> Result<usize, String> {
///     text.find('x').ok_or(text)
/// }
///
/// let seen = capture(|| (find("ax".to_owned()), find("b".to_owned())));
/// let found = seen.counter("found");
/// assert_eq!(found.clone().with("outcome", "ok").with("text", "ax").with("size", 1).value(), 1);
/// assert_eq!(found.with("outcome", "err").with("text", "b").value(), 1);
/// assert_eq!(seen.counter("not.found").value(), 1);
/// ```
///
/// Values of `dims` are evaluated once, on entry, before the body may move its arguments; where the
/// function returns a future and is not `async`, at the call. Values of `ret_dims` are evaluated
/// when the call returns; where it does not, there are no such dimensions.
///
/// # Outcomes
///
/// A call that returns is `ok` unless it returns an error: an `Err`, told by its type, whatever
/// alias that has, also in a `Poll`, an `Option` or another `Result`. Type parameters and
/// associated types of them are not known to be results, so they are `ok`; `outcome = fallible`
/// demands a `Result` and does not compile without one. `panic` is a call that a panic of its own
/// goes through, `cancelled` a future that is dropped before it is done.
///
/// To see what is returned, the body becomes a closure, unless its type is a plain one or the
/// function is `#[track_caller]` and its end can be seen without: a `return`, or a macro that is not
/// known, in one that returns a `Result` hides the caller. An `async fn` becomes a function
/// that returns `impl Future`, if no other macro stands on it and there are no values to evaluate
/// on entry; its future grows by 24 bytes. Else the body is a future inside the future, which has
/// the parameters, too.
///
/// Nothing new is said about an annotated function by the compiler or by clippy. Some lints fall
/// silent, so that an `#[expect]` of them is not met: those that ask whether a function could be
/// `const`, not `async`, or does only call itself; and where the end is asked for some that look at
/// the whole body, among them `needless_return`, `needless_pass_by_value` and `unnecessary_wraps`.
///
/// # Cost
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
    expand::annotation(&sync::COUNTED, args.into(), item.into(), sync::counted).into()
}

/// Times the calls of a function.
///
/// ```
/// use dt_metrics::timed;
///
/// #[timed]
/// fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
///
/// #[timed(name = "store", unit = "ms", boundaries = [1, 2.5, 10], dims(kind = kind))]
/// async fn store(kind: &str) {}
///
/// let catalog = dt_metrics::catalog();
/// let store = catalog.iter().find(|descriptor| descriptor.name == "store").unwrap();
/// assert_eq!((store.kind, store.unit), (dt_metrics::Kind::Histogram, "ms"));
/// ```
///
/// The histogram is called `crate.module.function.duration` unless `name` says otherwise. A call
/// takes from its entry, behind the values of its dimensions, until all that the body has is
/// dropped, but not the parameters, unless `outcome` or `ret_dims` is asked for: then these, too. It
/// is recorded however it ends: at the end of the body, by `return` or `?`, by a panic that unwinds.
/// A future is timed from its first poll until it is done or dropped, and grows by 32 bytes.
///
/// It stands where [`counted`](macro@counted) does; several annotations on one function may be in
/// any order.
///
/// # Arguments
///
/// | argument | meaning |
/// | --- | --- |
/// | `unit` | `"s"` (default), `"ms"`, `"us"` or `"ns"`, or the path of a `const` that is one of them |
/// | `boundaries = [0.01, 0.1]` | upper bounds of buckets, in that unit, for exporters that carry buckets: numbers, each greater than the one before |
/// | `name`, `description`, `dims`, `ret_dims`, `outcome`, `when`, `max_series`, `crate` | as [`counted`](macro@counted) takes them |
#[proc_macro_attribute]
pub fn timed(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotation(&sync::TIMED, args.into(), item.into(), sync::timed).into()
}

/// Counts the calls of a function that are going on.
///
/// ```
/// use dt_metrics::{counted, in_flight, timed};
///
/// #[counted]
/// #[timed]
/// #[in_flight(description = "Orders that are being placed", dims(region = "eu"))]
/// async fn place_order() {}
/// ```
///
/// The up-down counter is called `crate.module.function.in_flight` unless `name` says otherwise. It
/// grows by 1 on entry, for an `async fn` at its first poll, and shrinks by 1 when the call ends by
/// any way: `return`, `?`, a panic that unwinds, a future that is done or dropped. The values of its
/// dimensions are those on entry.
///
/// It takes the arguments `name`, `description`, `unit`, `dims`, `max_series` and `crate`, as
/// [`counted`](macro@counted) does, and stands where that does.
#[proc_macro_attribute]
pub fn in_flight(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotation(&sync::IN_FLIGHT, args.into(), item.into(), sync::in_flight).into()
}

/// Records a value of each call that returns.
///
/// ```
/// use dt_metrics::recorded;
/// use dt_metrics::testing::capture;
///
/// #[recorded(name = "page.size", value = ret.len(), unit = "By", dims(route = route))]
/// fn page(route: &str) -> String {
///     format!("<h1>{route}</h1>")
/// }
///
/// let seen = capture(|| page("orders"));
/// assert_eq!(seen.histogram("page.size").with("route", "orders").values(), [15.0]);
/// ```
///
/// The value is an integer or a float of any type, or a reference to one. It is evaluated when the
/// call returns, with what that returns as `ret`, a reference; parameters are gone then. A future
/// returns when it is done. Values that are no numbers (NaN, infinite) are not recorded.
///
/// # Arguments
///
/// | argument | meaning |
/// | --- | --- |
/// | `name` | required |
/// | `value = expr` | required |
/// | `boundaries = [1, 10]` | upper bounds of buckets, as [`timed`](macro@timed) takes them |
/// | `description`, `unit`, `dims`, `ret_dims`, `outcome`, `when`, `max_series`, `crate` | as [`counted`](macro@counted) takes them |
#[proc_macro_attribute]
pub fn recorded(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotation(&sync::RECORDED, args.into(), item.into(), sync::recorded).into()
}

/// Counts the calls of a function, times them, and counts those that are going on.
///
/// ```
/// use dt_metrics::measured;
/// use dt_metrics::testing::capture;
///
/// #[measured(dims(tier = tier))]
/// fn check_out(tier: &str) -> Result<u32, String> {
///     Err("empty".to_owned())
/// }
///
/// let seen = capture(|| check_out("gold"));
/// # let catalog = dt_metrics::catalog();
/// # let calls = catalog.iter().find(|d| d.name.ends_with("check_out.calls")).unwrap().name;
/// // "crate.module.check_out.calls"
/// let calls = seen.counter(calls);
/// assert_eq!(calls.with("tier", "gold").with("outcome", "err").value(), 1);
/// ```
///
/// It does what [`counted`](macro@counted), [`timed`](macro@timed) and
/// [`in_flight`](macro@in_flight) do, at once and for less: `….calls` and `….duration` have the
/// dimension `outcome`, `….in_flight` has not. A future grows by 40 bytes.
///
/// # On an `impl` block
///
/// ```
/// use dt_metrics::measured;
///
/// struct Shop;
///
/// #[measured(dims(region = "eu"))]
/// impl Shop {
///     const fn new() -> Self {
///         Self
///     }
///
///     async fn order(&self) -> Result<(), String> {
///         Ok(())
///     }
///
///     #[measured(name = "shop.prices", unit = "ms")]
///     fn prices(&self) {}
///
///     #[measured(skip)]
///     fn is_open(&self) -> bool {
///         true
///     }
/// }
///
/// let names: Vec<_> = dt_metrics::catalog().iter().map(|descriptor| descriptor.name).collect();
/// assert!(names.iter().any(|name| name.ends_with("Shop.order.calls")));
/// assert!(names.contains(&"shop.prices.duration"));
/// assert!(!names.iter().any(|name| name.contains("is_open")));
/// ```
///
/// Each function of the block is measured, of traits, too, as `crate.module.Type.function.…`.
/// `#[measured(skip)]` leaves one out; `const fn` are left out by themselves. What the annotation of
/// the block says holds for each, unless the function has a `#[measured(…)]` of its own that says
/// otherwise.
///
/// # Arguments
///
/// | argument | meaning |
/// | --- | --- |
/// | `name` | what stands before `.calls`, `.duration`, `.in_flight`; of a block, before `.function.…` |
/// | `unit`, `boundaries` | of the duration, as [`timed`](macro@timed) takes them |
/// | `outcome = fallible` | demands a `Result` |
/// | `description`, `dims`, `ret_dims`, `when`, `max_series`, `crate` | as [`counted`](macro@counted) takes them |
/// | `skip` | alone, in a block: leaves the function out |
#[proc_macro_attribute]
pub fn measured(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::measured(args.into(), item.into()).into()
}

/// Asks a function for a value, once a collection.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use dt_metrics::observed;
///
/// static SERVED: AtomicU64 = AtomicU64::new(0);
///
/// #[observed(name = "requests.served", unit = "{request}", kind = counter)]
/// fn served() -> u64 {
///     SERVED.load(Ordering::Relaxed)
/// }
///
/// #[observed(description = "Share of the pool in use", dims(pool = "main"))]
/// fn pool_use() -> f64 {
///     0.5
/// }
///
/// let catalog = dt_metrics::catalog();
/// let served = catalog.iter().find(|descriptor| descriptor.name == "requests.served").unwrap();
/// assert_eq!(served.kind, dt_metrics::Kind::Counter);
/// ```
///
/// It stands on a free function without parameters that returns `u64`, `i64` or `f64`. The function
/// stays as it is. The metric is called `crate.module.function` unless `name` says otherwise.
///
/// # When it is asked
///
/// Once in each collection of each reader, from when metrics are installed until they are shut
/// down; never twice at the same time. It runs on a thread of the library's own: it may call
/// functions that are annotated, and log.
///
/// A collection waits for all such functions together, at most a second. One that has not returned
/// by then gives the value it gave last, is named in one warning, holds up neither the others nor
/// later collections, and is asked again when it has returned. A function should read what
/// something else keeps up to date. One that makes an OpenTelemetry instrument waits, when it does
/// that for the first time, for the end of the collection, which waits for it: that takes the
/// second.
///
/// If it panics it has no value that time; it is named in one warning, each panic is counted in
/// `Health` as `observed_panic`, and all other metrics are delivered. That needs panics that
/// unwind: with `panic = "abort"` the program ends.
///
/// Who reads the list of functions is the linker. On platforms on which it does not, they are not
/// asked.
///
/// # Kinds
///
/// | `kind` | the value is | delivered |
/// | --- | --- | --- |
/// | `gauge` (default) | the current one | as it is, as an `f64` |
/// | `counter` | the total since the program began | what was added since the last time; a total that is less than before began again at zero |
/// | `up_down` | the current sum | as OpenTelemetry delivers up-down counters |
///
/// A value that is no number (NaN or infinite) is not delivered, and counted in `Health` as
/// `not_finite`; one below zero of a counter as `negative`.
///
/// # Arguments
///
/// | argument | meaning |
/// | --- | --- |
/// | `kind` | `gauge`, `counter` or `up_down` |
/// | `dims(key = expr, …)` | dimensions; expressions are evaluated before the function is asked, on the same thread. If they change, the value moves to another series |
/// | `name`, `description`, `unit`, `crate` | as [`counted`](macro@counted) takes them |
///
/// # Errors
///
/// On a function of an `impl` block or a trait, be it without `self`, there is nobody to ask:
///
/// ```compile_fail
/// struct Pool;
///
/// impl Pool {
///     #[dt_metrics::observed]
///     fn size() -> u64 {
///         1
///     }
/// }
/// ```
///
/// Of one without `self` only the compiler knows that it stands there, which says that a struct is
/// not supported in `impl`s: the registration is one. Move the function out of the block.
#[proc_macro_attribute]
pub fn observed(args: TokenStream, item: TokenStream) -> TokenStream {
    observed::observed(args.into(), item.into()).into()
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
    expand::in_body(&in_body::COUNT, input.into()).into()
}

/// Sets a gauge in the middle of a function.
///
/// ```
/// use dt_metrics::gauge;
///
/// # fn each(queue: &[&str], shard: u8, load: &f64) {
/// gauge!("queue.depth", queue.len());
/// gauge!("queue.depth", queue.len(), dims(shard = shard), description = "Orders that wait");
/// gauge!("load", load, unit = "1");
/// # }
/// ```
///
/// First the name, a string literal or the path of a `const` of type `&str`. Then the value: an
/// integer or a float of any type, or a reference to one. It is kept as an `f64`, which holds
/// integers up to 2⁵³ exactly. Then any of the arguments `dims`, `description`, `unit`, `max_series`
/// and `crate`, as [`counted`](macro@counted) takes them.
///
/// The last value counts, whichever thread set it; it is delivered at each push until there is
/// another. A value that is no number (NaN or infinite) is not delivered.
///
/// An expression of type `()`. Each place is an instrument of its own in the catalogue; those of
/// one name are one metric.
#[proc_macro]
pub fn gauge(input: TokenStream) -> TokenStream {
    expand::in_body(&in_body::GAUGE, input.into()).into()
}

/// Records a value of a distribution in the middle of a function.
///
/// ```
/// use dt_metrics::record;
///
/// # fn each(bytes: &[u8], route: &str, ratio: &f32) {
/// record!("payload.size", bytes.len(), unit = "By", dims(route = route));
/// record!("payload.size", bytes.len());
/// record!("compression", ratio, description = "Size after, by size before");
/// # }
/// ```
///
/// First the name, a string literal or the path of a `const` of type `&str`. Then the value: an
/// integer or a float of any type, or a reference to one, as [`gauge!`] takes it. Then any of the
/// arguments `dims`, `description`, `unit`, `max_series` and `crate`, as
/// [`counted`](macro@counted) takes them.
///
/// Each value counts: what is delivered is their number, sum, minimum and maximum since the last
/// push. A value that is no number (NaN or infinite) is left out.
///
/// An expression of type `()`. Each place is an instrument of its own in the catalogue; those of
/// one name are one metric.
#[proc_macro]
pub fn record(input: TokenStream) -> TokenStream {
    expand::in_body(&in_body::RECORD, input.into()).into()
}

/// Adds to or takes from a sum in the middle of a function.
///
/// ```
/// use dt_metrics::up_down;
///
/// # fn each(queued: &[&str], shard: u8) {
/// up_down!("sessions", 1);
/// up_down!("sessions", -1);
/// up_down!("queue.length", queued.len() as i64, dims(shard = shard), unit = "{order}");
/// # }
/// ```
///
/// First the name, a string literal or the path of a `const` of type `&str`. Then the number to
/// add, an `i64`. Then any of the arguments `dims`, `description`, `unit`, `max_series` and
/// `crate`, as [`counted`](macro@counted) takes them.
///
/// The sum of all threads is delivered at each push. For what begins and ends with a call see
/// [`in_flight`](macro@in_flight), which never forgets to take away what it added.
///
/// An expression of type `()`. Each place is an instrument of its own in the catalogue; those of
/// one name are one metric.
#[proc_macro]
pub fn up_down(input: TokenStream) -> TokenStream {
    expand::in_body(&in_body::UP_DOWN, input.into()).into()
}

/// Makes the variants of an enum values of dimensions.
///
/// ```
/// use dt_metrics::{DimensionValue, Value, counted};
///
/// #[derive(DimensionValue)]
/// enum Tier {
///     Free,
///     PayAsYouGo,
///     #[dimension(rename = "enterprise-2")]
///     Enterprise,
/// }
///
/// #[counted(dims(tier = tier, paid = !matches!(tier, Tier::Free)))]
/// fn sign_in(tier: Tier) {}
///
/// assert_eq!(Tier::PayAsYouGo.dimension_value(), Some(Value::Str("pay_as_you_go")));
/// assert_eq!(Tier::Enterprise.dimension_value(), Some(Value::Str("enterprise-2")));
/// ```
///
/// The enum has no fields, so the compiler knows all its values: dimensions of such types, and of
/// `bool`, cost about what literals cost.
///
/// A value is the name of the variant in `snake_case`. A word begins at an upper-case letter behind
/// a lower-case one or a digit, and at the last of several upper-case letters if a lower-case one
/// follows:
///
/// | variant | value |
/// | --- | --- |
/// | `VeryGood` | `very_good` |
/// | `HTTPServer` | `http_server` |
/// | `Http2` | `http2` |
/// | `A1B` | `a1_b` |
/// | `r#Type` | `type` |
///
/// # Attributes
///
/// | attribute | on | meaning |
/// | --- | --- | --- |
/// | `#[dimension(rename = "…")]` | a variant | its value, in place of its name |
/// | `#[dimension(crate = path)]` | the enum | where the library is, for those who re-export it |
///
/// # Errors
///
/// No value is empty, and no two are the same:
///
/// ```compile_fail
/// #[derive(dt_metrics::DimensionValue)]
/// enum Tier {
///     Free,
///     #[dimension(rename = "free")]
///     Trial,
/// }
/// ```
#[proc_macro_derive(DimensionValue, attributes(dimension))]
pub fn dimension_value(input: TokenStream) -> TokenStream {
    derive::dimension_value(input.into()).into()
}
