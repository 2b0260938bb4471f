//! Tests of the reader.

mod accept;
mod any_input;
mod readme;
mod reject;

use super::{Line, LineError, Metadata, Reader, Record};

fn line(text: &str) -> Line {
    text.parse()
        .unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn metadata(text: &str) -> Metadata {
    text.parse()
        .unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refused(text: &str) -> LineError {
    match Reader::without_clock().read(text) {
        Ok(record) => panic!("{text:?} was accepted: {record:?}"),
        Err(error) => error,
    }
}

fn read(text: &str) -> Result<Record, LineError> {
    Reader::without_clock().read(text)
}

fn repeated(times: usize) -> String {
    "x".repeat(times)
}
