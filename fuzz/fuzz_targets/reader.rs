//! The strict reader takes any text without a panic, and what it accepts means what it says.
#![no_main]

use dt_metrics_fuzz::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| read::check(text));
