mod convert;
mod summary;
