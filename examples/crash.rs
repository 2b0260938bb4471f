//! Measurements that survive a crash: a program counts orders, records the values of some, and aborts. The
//! next process delivers all counts and values up to the last call. Ends with 1 if one is missing.
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

use dt_metrics::{Handle, counted, record};
use dt_metrics_local::Server;
use dt_metrics_local::protocol::Payload;

const URL: &str = "CRASH_EXAMPLE_URL";
const SPOOL: &str = "CRASH_EXAMPLE_SPOOL";
const THREADS: u32 = 4;
const ORDERS: u32 = 250_000; // of each thread

#[counted(name = "orders", unit = "{order}", dims(region = "eu", card = card))]
fn place_order(card: &str, bulk_cents: Option<u32>) {
    if let Some(cents) = bulk_cents {
        record!("bulk_order.value", cents, unit = "ct", dims(card = card));
    }
}

/// The value of a bulk order, which is every hundredth one.
fn bulk_cents(order: u32) -> Option<u32> {
    order.is_multiple_of(100).then_some(order / 100 % 100 + 1)
}

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
            scope.spawn(move || (0..ORDERS).for_each(|order| place_order(card, bulk_cents(order))));
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

/// The sum of all values of a histogram.
fn sum(server: &Server, key: &str) -> f64 {
    let lines = server.lines().into_iter().filter(|line| line.key == key);
    let sums = lines.filter_map(|line| match line.payload {
        Payload::Summary { sum, .. } => Some(sum),
        _ => None,
    });
    sums.sum()
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
    let received = || {
        (
            server.total("crash.orders"),
            sum(&server, "crash.bulk_order.value"),
        )
    };
    let print_received = || {
        let (orders, cents) = received();
        println!("orders received   {orders:>9}, bulk orders of {cents:>7} ct");
    };
    let orders = THREADS * ORDERS;
    let all_cents = THREADS * (0..ORDERS).filter_map(bulk_cents).sum::<u32>();

    println!("orders counted    {orders:>9}, bulk orders of {all_cents:>7} ct");
    println!(
        "first process     {}",
        run("count-and-crash", &server, &spool)?
    );
    print_received();
    println!("second process    {}", run("deliver", &server, &spool)?);
    print_received();
    for card in ["visa", "amex"] {
        let orders = server.counter_total("crash.orders", &[("card", card)]);
        println!("  card={card}       {orders:>9}");
    }
    thread::sleep(Duration::from_secs(stays_open));
    fs::remove_dir_all(spool)?;
    let is_complete = received() == (f64::from(orders), f64::from(all_cents));
    Ok(ExitCode::from(u8::from(!is_complete)))
}
