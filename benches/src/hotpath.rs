//! What a call costs, next to one `fetch_add` on a cell that all threads share.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use comfy_table::Table;
use dt_metrics::counted;

use crate::measure::ns_a_call;

static SHARED: AtomicU64 = AtomicU64::new(0);

// Kept out of line, like most functions worth counting: so no loop merges what calls do.
#[inline(never)]
fn fetch_add() {
    SHARED.fetch_add(1, Ordering::Relaxed);
}

#[counted(name = "bench.two_literals", dims(region = "eu", tier = "gold"))]
#[inline(never)]
fn two_literals() {}

#[counted(name = "bench.two_values", dims(region = black_box("eu"), tier = black_box("gold")))]
#[inline(never)]
fn two_values() {}

pub(crate) fn run() {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; nanoseconds a call as each thread sees it, median of 15 rounds");
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["call", "threads", "ns", "× fetch_add"]);
    for threads in [1, 2, 4] {
        let baseline = ns_a_call(threads, 2_000_000, fetch_add);
        let literals = ns_a_call(threads, 2_000_000, two_literals);
        let values = ns_a_call(threads, 200_000, two_values);
        for (name, ns) in [
            ("fetch_add on a shared AtomicU64", baseline),
            ("#[counted], two literal dimensions", literals),
            ("#[counted], two run-time dimensions", values),
        ] {
            let threads = threads.to_string();
            table.add_row([
                name,
                &threads,
                &format!("{ns:.2}"),
                &format!("{:.2}", ns / baseline),
            ]);
        }
    }
    println!("{table}");
}
