//! One case, in the process that was started for it.

use std::env;
use std::time::{Duration, Instant};

use dt_metrics::{Handle, count};

use super::case::Case;

pub const CASE: &str = "DT_METRICS_BLACK_HOLE_CASE";
pub const ROUND: &str = "DT_METRICS_BLACK_HOLE_ROUND";

/// The time that a program allows for waiting.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The time that dropping the handle may take.
const DROP: Duration = Duration::from_secs(5);

const LATE: &str = "late by ";

#[test]
#[ignore = "run by every_wait_is_kept, with a case to try"]
pub fn one_case() {
    let Ok(name) = env::var(CASE) else { return };
    let case = Case::named(&name).unwrap();
    let panics = env::var(ROUND).unwrap().parse::<u32>().unwrap() % 2 == 1;
    let server = case.hole.server();
    let url = case.hole.url(&server);
    case.runtime.run(move || {
        let metrics = install(&url);
        count!("black_hole");
        within(TIMEOUT, "flush", || metrics.flush(TIMEOUT)).unwrap_err();
        within(Duration::ZERO, "a collection", || {
            metrics.provider().force_flush()
        })
        .unwrap();
        count!("black_hole");
        within(TIMEOUT, "shutdown", || metrics.shutdown(TIMEOUT)).unwrap_err();
        within(Duration::ZERO, "a second shutdown", || {
            metrics.shutdown(TIMEOUT)
        })
        .unwrap();
        within(Duration::ZERO, "a drop after a shutdown", || drop(metrics));

        let metrics = install(&url);
        count!("black_hole");
        within(DROP, "drop", || drop_it(metrics, panics));
    });
}

/// From a thread that is panicking, or not.
fn drop_it(metrics: Handle, panics: bool) {
    if !panics {
        return drop(metrics);
    }
    let thread = std::thread::spawn(move || {
        let _metrics = metrics;
        // Prints nothing, unlike `panic!`: the output is searched for panics.
        std::panic::resume_unwind(Box::new("as a program may"));
    });
    assert!(thread.join().is_err());
}

fn install(url: &str) -> Handle {
    let install = || dt_metrics::builder().endpoint(url).install();
    within(Duration::ZERO, "install", install).unwrap()
}

/// Runs this, and checks that it takes as long as it may, with 10 % and a moment: the machine has
/// other things to do, such as to start the other cases.
fn within<T>(time: Duration, what: &str, action: impl FnOnce() -> T) -> T {
    // Without optimisation, reading the system's roots alone takes a tenth of a second.
    let moment = Duration::from_millis(if time.is_zero() { 1_000 } else { 300 });
    let start = Instant::now();
    let result = action();
    let took = start.elapsed();
    let late = took.saturating_sub(time).as_secs_f64();
    println!("{LATE}{late} {}", time.as_secs_f64());
    let most = time.mul_f64(1.1) + moment;
    assert!(took <= most, "{what} took {took:?}, not {time:?}");
    result
}

/// The greatest lateness that a child printed: in seconds for calls that must not wait, and as a
/// share of the time for calls that may wait.
pub fn lateness(printed: &str) -> (f64, f64) {
    let lines = printed.lines().filter_map(|line| line.strip_prefix(LATE));
    lines.fold((0.0, 0.0), |(at_once, share): (f64, f64), line| {
        let (late, time) = line.split_once(' ').unwrap();
        let (late, time): (f64, f64) = (late.parse().unwrap(), time.parse().unwrap());
        if time == 0.0 {
            (at_once.max(late), share)
        } else {
            (at_once, share.max(late / time))
        }
    })
}
