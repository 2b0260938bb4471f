//! How much stack annotations take: the bytes of a recursive call, next to the same function without
//! annotation.

use std::hint::black_box;

use dt_metrics::{counted, in_flight, measured, timed};

use crate::report::table;

/// The stack of a thread of the standard library, unless the program sets another.
const STACK: usize = 2 * 1024 * 1024;

/// Calls between the two addresses that are compared.
const CALLS: usize = 256;

/// A function that calls itself `depth` times, with a frame of `N` bytes. It returns the address of the
/// innermost frame.
type Recursive = fn(usize) -> usize;

/// Functions with a frame of this size, whose bodies end early with `?` or do not.
macro_rules! functions {
    ($size:literal: $($name:literal [$($annotation:tt)*];)+) => {
        [$((
            $name,
            {
                $($annotation)*
                #[inline(never)]
                fn plain(depth: usize) -> usize {
                    let frame = [0_u8; $size];
                    let innermost = match black_box(depth) {
                        0 => black_box(&raw const frame).addr(),
                        depth => plain(depth - 1),
                    };
                    black_box(&frame);
                    innermost
                }
                plain as Recursive
            },
            {
                $($annotation)*
                #[inline(never)]
                fn fallible(depth: usize) -> Result<usize, u8> {
                    let frame = [0_u8; $size];
                    let innermost = match black_box(depth) {
                        0 => black_box(&raw const frame).addr(),
                        depth => fallible(depth - 1)?,
                    };
                    black_box(&frame);
                    Ok(innermost)
                }
                (|depth| fallible(depth).unwrap_or_default()) as Recursive
            },
        )),+]
    };
}

macro_rules! sizes {
    ($($size:literal)+) => {
        [$(($size, functions! {
            $size:
            "no annotation" [];
            "`#[counted]`" [#[counted]];
            "`#[in_flight]`" [#[in_flight]];
            "`#[timed]`" [#[timed]];
            "`#[counted(outcome)]`" [#[counted(outcome)]];
            "`#[measured]`" [#[measured]];
        })),+]
    };
}

/// Prints a table of all annotations and sizes.
pub(crate) fn run() {
    let mut table = table([
        "frame, bytes",
        "annotation",
        "returns a number, bytes a call",
        "calls in 2 MiB",
        "of bare",
        "returns a `Result`, bytes a call",
        "calls in 2 MiB",
        "of bare",
    ]);
    for (size, functions) in sizes!(32 64 128 512) {
        let mut bare = (0, 0);
        for (name, plain, fallible) in functions {
            let taken = (bytes_a_call(plain), bytes_a_call(fallible));
            if bare == (0, 0) {
                bare = taken;
            }
            let [plain, fallible] = [(taken.0, bare.0), (taken.1, bare.1)].map(columns);
            let mut row = vec![size.to_string(), name.to_owned()];
            row.extend(plain);
            row.extend(fallible);
            table.add_row(row);
        }
    }
    println!("{table}");
}

#[expect(clippy::cast_precision_loss, reason = "hundreds of bytes")]
fn columns((taken, bare): (usize, usize)) -> [String; 3] {
    [
        taken.to_string(),
        (STACK / taken.max(1)).to_string(),
        format!("{:.2}", bare as f64 / taken as f64),
    ]
}

fn bytes_a_call(recursive: Recursive) -> usize {
    // The first call makes instruments.
    black_box(recursive(1));
    let few = recursive(black_box(1));
    let many = recursive(black_box(1 + CALLS));
    few.abs_diff(many) / CALLS
}
