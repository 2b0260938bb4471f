//! Every instrument in the binary: the linker gathers it, or it registers at its first use.
//!
//! This folder may import `instrument` and `descriptor`, and nothing else of the crate.

mod catalog;
#[cfg_attr(
    not(feature = "dynatrace"),
    allow(dead_code, reason = "the pipeline needs more of it")
)]
mod conflict;
mod json;
mod markdown;
#[cfg(test)]
mod tests;

pub use self::catalog::catalog;
#[cfg(feature = "dynatrace")]
pub(crate) use self::catalog::descriptors_of;
pub use self::conflict::Conflict;
pub(crate) use self::conflict::Names;
#[cfg(feature = "dynatrace")]
pub(crate) use self::conflict::{Definition, conflicts};
pub use self::json::catalog_json;
#[cfg(feature = "dynatrace")]
pub(crate) use self::json::{catalog_json_with_keys, string as json_string};
pub use self::markdown::catalog_markdown;
