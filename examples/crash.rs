//! Counts that survive a crash: a program counts and aborts, and the next process delivers what the
//! first one counted up to its last call. Ends with 1 if a count is missing.
//!
//! The local endpoint runs in the first process, which starts the program twice. With a number of
//! seconds as argument, its live page stays open for that long.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, abort};
use std::thread;
use std::time::Duration;

use dt_metrics::{Handle, counted};
use dt_metrics_local::Server;

const URL: &str = "CRASH_EXAMPLE_URL";
const SPOOL: &str = "CRASH_EXAMPLE_SPOOL";
const THREADS: u32 = 4;
const ORDERS: u32 = 250_000; // of each thread

#[counted(name = "orders", unit = "{order}", dims(region = "eu", card = card))]
fn place_order(card: &str) {}

/// A push once an hour: nothing is pushed before the crash.
fn install() -> Result<Handle, Box<dyn Error>> {
    let metrics = dt_metrics::builder()
        .endpoint(env::var(URL)?)
        .prefix("crash")
        .spool_dir(env::var(SPOOL)?)
        .push_interval(Duration::from_secs(3_600))
        .install()?;
    Ok(metrics)
}

/// The program that crashes.
fn count_and_crash() -> Result<ExitCode, Box<dyn Error>> {
    let _metrics = install()?;
    thread::scope(|scope| {
        for card in ["visa", "amex", "visa", "amex"] {
            scope.spawn(move || (0..ORDERS).for_each(|_| place_order(card)));
        }
    });
    abort();
}

/// The program that is started after the crash, and delivers the counts.
fn deliver() -> Result<ExitCode, Box<dyn Error>> {
    install()?.shutdown(Duration::from_secs(10))?;
    Ok(ExitCode::SUCCESS)
}

/// Starts this program as one of the two, and waits for its end.
fn run(program: &str, server: &Server, spool: &Path) -> Result<String, Box<dyn Error>> {
    let status = Command::new(env::current_exe()?)
        .arg(program)
        .env(URL, server.url())
        .env(SPOOL, spool)
        .status()?;
    Ok(status.to_string())
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let argument = env::args().nth(1);
    match argument.as_deref() {
        Some("count-and-crash") => return count_and_crash(),
        Some("deliver") => return deliver(),
        _ => {}
    }
    let stays_open = argument.map_or(Ok(0), |seconds| seconds.parse())?;
    let server = Server::builder().start()?;
    let spool = env::temp_dir().join(format!("dt-metrics-crash-{}", std::process::id()));
    println!("live page: {}\n", server.page_url());
    let received = || server.total("crash.orders");

    println!("orders counted    {:>9}", THREADS * ORDERS);
    println!(
        "first process     {}",
        run("count-and-crash", &server, &spool)?
    );
    println!("orders received   {:>9}", received());
    println!("second process    {}", run("deliver", &server, &spool)?);
    println!("orders received   {:>9}", received());
    for card in ["visa", "amex"] {
        let orders = server.counter_total("crash.orders", &[("card", card)]);
        println!("  card={card}       {orders:>9}");
    }
    thread::sleep(Duration::from_secs(stays_open));
    fs::remove_dir_all(spool)?;
    let is_complete = received().to_string() == (THREADS * ORDERS).to_string();
    Ok(ExitCode::from(u8::from(!is_complete)))
}
