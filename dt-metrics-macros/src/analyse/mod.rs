//! Finds out what a signature, a body and the place of an annotation reveal. Imports `parse` and
//! `tokens`.

pub(crate) mod boxed;
pub(crate) mod outlives;
pub(crate) mod return_type;
pub(crate) mod scope;
pub(crate) mod shape;
pub(crate) mod straight;
