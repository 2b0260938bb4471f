//! A worker on tokio: jobs in flight, sizes of their results, and a shutdown that delivers the last
//! numbers before the process ends.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::error::Error;
use std::time::Duration;

use dt_metrics::{DimensionValue, in_flight, recorded};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

#[derive(Clone, Copy, DimensionValue)]
enum Job {
    Thumbnail,
    Preview,
}

/// While this runs, `job.in_flight` is one higher, also if it is cancelled.
#[in_flight(name = "job.in_flight", dims(kind = job))]
#[recorded(name = "job.size", value = ret.len(), unit = "By", dims(kind = job))]
async fn run(job: Job) -> Vec<u8> {
    tokio::time::sleep(Duration::from_millis(500)).await;
    vec![
        0;
        match job {
            Job::Thumbnail => 1_000,
            Job::Preview => 50_000,
        }
    ]
}

/// Takes jobs until no more can come, then finishes those it has begun.
async fn work(mut jobs: mpsc::Receiver<Job>) -> usize {
    let mut running = JoinSet::new();
    while let Some(job) = jobs.recv().await {
        running.spawn(run(job));
    }
    running.join_all().await.len()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let metrics = dt_metrics::builder()
        .prefix("worker")
        .push_interval(Duration::from_secs(1))
        .install()?;
    let (queue, jobs) = mpsc::channel(8);
    let worker = tokio::spawn(work(jobs));

    tokio::select! {
        () = fill(&queue) => println!("no more jobs"),
        _ = tokio::signal::ctrl_c() => println!("interrupted"),
    }
    // While the last jobs are in flight: the gauge contains their number.
    if let Err(error) = metrics.flush_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}");
    }
    println!(
        "{} lines delivered so far",
        metrics.health().points_accepted
    );

    drop(queue);
    println!("{} jobs done", worker.await?);
    if let Err(error) = metrics.shutdown_async(Duration::from_secs(5)).await {
        eprintln!("metrics: {error}"); // the jobs are done all the same
    }
    println!("{} lines delivered", metrics.health().points_accepted);
    Ok(())
}

async fn fill(queue: &mpsc::Sender<Job>) {
    for _ in 0..50 {
        for job in [Job::Thumbnail, Job::Preview] {
            // The worker ends after the queue.
            queue.send(job).await.ok();
        }
    }
}
