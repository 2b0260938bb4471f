//! Reads the input of users: the arguments of annotations and macros, and the items that
//! annotations are on. May import `report` and `tokens`.
//!
//! The user's input keeps its tokens, so that each error is reported at the place of its cause.

pub(crate) mod annotation;
pub(crate) mod args;
pub(crate) mod dims;
pub(crate) mod grammar;
pub(crate) mod item;
pub(crate) mod literal;
pub(crate) mod objective;
pub(crate) mod summary;
pub(crate) mod syntax;
pub(crate) mod text;
pub(crate) mod word;
