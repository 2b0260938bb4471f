//! What the fuzz targets check. The rules are stated anew here, from the documentation of the
//! protocol, not taken from the code under test.

pub mod data;
pub mod metadata;
pub mod read;
pub mod text;
