//! Annotations and macros: the measurements of a call, as a test or an endpoint receives them.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod blocks;
mod capture;
mod cardinality;
mod dimension_values;
mod documented;
mod in_body;
mod instruments;
mod linking;
mod measured;
mod observed;
mod observed_trouble;
mod shapes;
