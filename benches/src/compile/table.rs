//! What the builds took, on screen.

use super::source::Candidate;
use super::{Built, spent};
use crate::report;

pub(super) fn print(functions: usize, rounds: usize, clean_rounds: usize, built: &[Built]) {
    println!(
        "\n{functions} functions, half of them async; {}, the least of {rounds} incremental \
         and {clean_rounds} clean builds\n",
        spent::MEANS
    );
    let least = |candidate| {
        built
            .iter()
            .find(|built| built.candidate == candidate)
            .map_or((f64::NAN, f64::NAN), |built| {
                (built.clean.least(), built.incremental.least())
            })
    };
    let bare = least(Candidate::Bare);
    let mut table = report::table([
        "on each function",
        "clean, s",
        "ms a function",
        "incremental, s",
        "ms a function",
    ]);
    for candidate in Candidate::ALL {
        let (clean, incremental) = least(candidate);
        let each = |time: f64, bare: f64| format!("{:.2}", (time - bare) * 1e3 / functions as f64);
        table.add_row([
            candidate.label().to_owned(),
            format!("{clean:.2}"),
            each(clean, bare.0),
            format!("{incremental:.2}"),
            each(incremental, bare.1),
        ]);
    }
    println!("{table}\n\"ms a function\" is what is above the build without annotations.\n");

    let ours = least(Candidate::Counted).1;
    let mut targets = report::Targets::default();
    for (peer, name, limit) in [
        (Candidate::Fastrace, "`fastrace`", 1.2),
        (Candidate::Tracing, "`tracing`, `skip_all`", 0.7),
    ] {
        targets.at_most(
            &format!("incremental build of {functions} functions with `#[counted]`"),
            &format!("{limit} × {name}"),
            ours / least(peer).1,
            limit,
        );
    }
    targets.print();
}
