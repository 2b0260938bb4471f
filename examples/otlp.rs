//! Two destinations at once: OTLP to a Collector, and lines to Dynatrace. If one destination is
//! down, the other still receives its data.
//!
//! Where the Collector is: `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`. Endpoint
//! and token for the lines as in `getting_started`. `dt-metrics-local` takes both:
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14499 cargo run --bin otlp`.

use std::error::Error;
use std::time::Duration;

use dt_metrics::dynatrace::Exporter;
use dt_metrics::{count, timed};

/// With OTLP a distribution has buckets, from which percentiles are made; in lines it has its
/// minimum, maximum, sum and count.
#[timed(name = "render.time", boundaries = [0.001, 0.01, 0.1])]
fn render(pages: u32) {
    for page in 1..=pages {
        let kind = if page == 1 { "title" } else { "text" };
        count!("pages", dims(kind = kind));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let lines = Exporter::builder().prefix("print").build()?;
    let metrics = dt_metrics::builder()
        .prefix("print")
        .otlp()
        .exporter(lines.clone())
        .install()?;

    for pages in [3, 1, 8] {
        render(pages);
    }

    // Both are tried to the end. If one fails, the program reports it and ends well: its result does not
    // depend on its metrics.
    match metrics.shutdown(Duration::from_secs(5)) {
        Ok(()) => println!("over OTLP: delivered"),
        Err(error) => eprintln!("over OTLP: {error}"),
    }
    match lines.shutdown(Duration::from_secs(5)) {
        Ok(()) => println!("as lines: {} delivered", lines.health().points_accepted),
        Err(error) => eprintln!("as lines: {error}"),
    }
    Ok(())
}
