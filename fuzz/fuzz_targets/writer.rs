//! Whatever is written parses under the strict reader and says what was put in.
#![no_main]

use dt_metrics_fuzz::{data, metadata};
use libfuzzer_sys::{arbitrary, fuzz_target};

#[derive(Debug, arbitrary::Arbitrary)]
enum Input<'a> {
    Data(data::Input<'a>),
    Metadata(metadata::Input<'a>),
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Data(input) => data::check(&input),
    Input::Metadata(input) => metadata::check(&input),
});
