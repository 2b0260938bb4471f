//! Metrics asserted in tests: `cargo test --bin testing`. Nothing is installed there and nothing is
//! sent, and tests that run at the same time do not see each other.
//!
//! Run as a program, it delivers the same metrics, as `getting_started` does.

use std::time::Duration;

use dt_metrics::{measured, recorded};

#[measured(name = "withdraw", dims(currency = "eur"))]
#[recorded(name = "withdraw.left", value = *ret.as_ref().unwrap_or(&0), when = ok)]
fn withdraw(balance: u64, amount: u64) -> Result<u64, String> {
    balance
        .checked_sub(amount)
        .ok_or_else(|| format!("{amount} is more than {balance}"))
}

#[measured(name = "transfer")]
async fn transfer(from: u64, amount: u64) -> Result<u64, String> {
    tokio::task::yield_now().await;
    withdraw(from, amount)
}

#[tokio::main]
async fn main() -> Result<(), dt_metrics::Error> {
    let metrics = dt_metrics::builder().prefix("bank").install()?;
    println!("{:?}", withdraw(100, 30));
    println!("{:?}", transfer(70, 80).await);
    if let Err(error) = metrics.shutdown_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}");
    }
    println!("{} lines delivered", metrics.health().points_accepted);
    Ok(())
}

#[cfg(test)]
mod tests {
    use dt_metrics::testing::{capture, capture_async, capture_with};

    use super::*;

    #[test]
    fn calls_are_counted_by_outcome() {
        let seen = capture(|| (withdraw(100, 30), withdraw(100, 200), withdraw(9, 9)));
        let calls = seen.counter("withdraw.calls").with("currency", "eur");
        assert_eq!(calls.value(), 3);
        let refused = seen.counter("withdraw.calls").with("outcome", "err");
        assert_eq!(refused.value(), 1);
    }

    #[test]
    fn the_remaining_value_is_recorded_only_on_success() {
        let (seen, left) = capture_with(|| withdraw(100, 30));
        assert_eq!(left, Ok(70));
        assert_eq!(seen.histogram("withdraw.left").values(), [70.0]);
        let seen = capture(|| withdraw(1, 2));
        assert_eq!(seen.histogram("withdraw.left").count(), 0);
    }

    #[tokio::test]
    async fn a_future_is_captured_wherever_it_is_polled() {
        let seen = capture_async(transfer(100, 30)).await;
        assert_eq!(seen.counter("transfer.calls").value(), 1);
        assert_eq!(seen.histogram("transfer.duration").count(), 1);
        assert_eq!(seen.up_down_counter("transfer.in_flight").value(), 0);
        assert_eq!(seen.counter("withdraw.calls").value(), 1);
    }
}
