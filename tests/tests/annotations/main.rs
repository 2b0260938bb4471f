//! Annotations and macros: what a call records, and what a test or an endpoint sees of it.

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
