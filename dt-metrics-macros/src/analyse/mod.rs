//! Derives facts from the signature, the body and the place of an annotated function. May import
//! `parse` and `tokens`.

pub(crate) mod boxed;
pub(crate) mod mistake;
pub(crate) mod promise;
pub(crate) mod return_type;
pub(crate) mod scope;
pub(crate) mod shape;
