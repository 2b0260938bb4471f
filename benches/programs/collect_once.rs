//! The common code of the programs with and without instruments.

#[path = "../src/child.rs"]
mod child;

use std::error::Error;
use std::time::Duration;

/// Calls everything once; with the argument `installed`, metrics are installed and collected
/// once. Prints how many bytes are in memory then.
pub(crate) fn run(call_all: impl FnOnce()) -> Result<(), Box<dyn Error>> {
    let metrics = if std::env::args().nth(1).as_deref() == Some("installed") {
        let builder = dt_metrics::builder().no_exporter().exporter(child::Discard);
        Some(
            builder
                .push_interval(Duration::from_secs(3_600))
                .install()?,
        )
    } else {
        None
    };
    call_all();
    if let Some(metrics) = &metrics {
        metrics.flush(Duration::from_secs(60))?;
    }
    println!("{}", child::resident_bytes("Rss")?);
    Ok(())
}
