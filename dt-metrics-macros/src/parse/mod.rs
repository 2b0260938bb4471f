//! Reads what the user wrote: arguments and annotated items. Imports `report` and nothing else of
//! this crate.

pub(crate) mod annotation;
pub(crate) mod args;
pub(crate) mod boundaries;
pub(crate) mod dims;
pub(crate) mod item;
pub(crate) mod kind;
pub(crate) mod outcome;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod valid;
