//! No wait of the program is longer than its limit, with any behaviour of the endpoint, on any
//! runtime.
//!
//! Each case is a process of its own, since a process has one pipeline and a deadlock must not end
//! the test. `DT_METRICS_BLACK_HOLE_ROUNDS` is the number of attempts of each case (1 by default).

mod case;
mod child;

use std::env;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use case::Case;

use crate::common::own_process::{self, alone, path_of};

const ROUNDS: &str = "DT_METRICS_BLACK_HOLE_ROUNDS";

/// How many processes wait at the same time: they do little else.
const TOGETHER: usize = 18;

/// Much longer than a case takes, even on a machine that is busy.
const DEADLOCK: Duration = Duration::from_secs(90);

#[test]
fn every_wait_is_kept() {
    let _turn = alone();
    let rounds: u32 = env::var(ROUNDS).map_or(1, |text| text.parse().unwrap());
    let cases: Vec<_> = (0..rounds)
        .flat_map(|round| Case::all().map(move |case| (round, case)))
        .collect();
    let mut worst = (0.0_f64, 0.0_f64);
    for group in cases.chunks(TOGETHER) {
        let running: Vec<_> = group
            .iter()
            .map(|(round, case)| start(*round, *case))
            .collect();
        for (running, (round, case)) in running.into_iter().zip(group) {
            let output = end(running, *case);
            let said = String::from_utf8_lossy(&output.stdout);
            let failure = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "round {round}, {case:?}: {said}{failure}"
            );
            assert!(
                !failure.contains("panicked"),
                "round {round}, {case:?}: {failure}"
            );
            let (at_once, share) = child::lateness(&said);
            worst = (worst.0.max(at_once), worst.1.max(share));
        }
    }
    println!(
        "{} processes: calls that wait for nothing took {:.3} s at most, others were {:.1} % late",
        cases.len(),
        worst.0,
        100.0 * worst.1
    );
}

/// A process that does not outlive a test that fails.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start(round: u32, case: Case) -> Running {
    let child = own_process::child(path_of(child::one_case))
        .env(child::CASE, case.to_string())
        .env(child::ROUND, round.to_string())
        .spawn()
        .unwrap();
    Running(Some(child))
}

fn end(mut running: Running, case: Case) -> Output {
    let start = Instant::now();
    let mut child = running.0.take().unwrap();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > DEADLOCK {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            panic!("{case:?} hangs: {said}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}
