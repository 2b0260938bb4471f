//! From collections to metric lines: the line protocol, and the conversion of the SDK's data.

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

mod conformance;
mod data;
mod line_properties;
mod line_reader;
mod metadata;
mod official;
mod options;
mod properties;
mod summaries;
mod warnings;
