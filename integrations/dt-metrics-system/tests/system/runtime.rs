//! The values of a runtime agree with tokio's own.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use super::{installed, work};

fn runtime(workers: usize) -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(workers).build();
    runtime.unwrap()
}

fn observe(runtime: &Runtime) {
    let settings = dt_metrics_system::builder()
        .version(super::VERSION)
        .commit("0123abc");
    settings.runtime(runtime.handle()).install().unwrap();
}

/// Keeps the only worker busy for at least 0.2 s, and returns the time that tokio has for it.
fn work_on(runtime: &Runtime) -> f64 {
    let metrics = runtime.metrics();
    let busy = || metrics.worker_total_busy_duration(0).as_secs_f64();
    let (before, parks) = (busy(), metrics.worker_park_count(0));
    let task = runtime.spawn(async { work(Duration::from_millis(200)) });
    runtime.block_on(task).unwrap();
    // A worker writes its time down before it parks.
    while metrics.worker_park_count(0) == parks {
        runtime.block_on(runtime.spawn(async {})).unwrap();
    }
    let worked = busy() - before;
    assert!(worked >= 0.2, "{worked}");
    worked
}

/// Lets the workers go on, also if the test fails: a runtime waits for its workers.
struct Release(Arc<Barrier>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[test]
fn tasks_and_the_queue_agree_with_the_runtime() {
    let installed = installed();
    let runtime = runtime(2);
    observe(&runtime);
    assert_eq!(installed.value("tokio.worker.count", &[]), 2.0);

    // Both workers wait in a task each, so that all others stay in the queue.
    let (taken, go_on) = (Arc::new(Barrier::new(3)), Arc::new(Barrier::new(3)));
    let blocking = [(); 2].map(|()| {
        let (taken, go_on) = (Arc::clone(&taken), Arc::clone(&go_on));
        runtime.spawn(async move {
            taken.wait();
            go_on.wait();
        })
    });
    taken.wait();
    let release = Release(go_on);
    let gate = Arc::new(Semaphore::new(0));
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let gate = Arc::clone(&gate);
            runtime.spawn(async move { _ = gate.acquire().await })
        })
        .collect();
    assert_eq!(installed.value("tokio.task.count", &[]), 22.0);
    assert_eq!(installed.value("tokio.global_queue.depth", &[]), 20.0);
    drop(release);
    gate.close();
    runtime.block_on(async {
        for task in blocking.into_iter().chain(waiting) {
            task.await.unwrap();
        }
    });
    assert_eq!(installed.value("tokio.task.count", &[]), 0.0);
    assert_eq!(installed.value("tokio.global_queue.depth", &[]), 0.0);
}

#[test]
fn the_time_of_workers_is_that_of_the_runtime_and_grows_across_runtimes() {
    let installed = installed();
    let parks = |installed: &super::Installed| installed.value("tokio.worker.park.count", &[]);
    let busy = |installed: &super::Installed| installed.value("tokio.worker.busy_time", &[]);
    let first = runtime(1);
    observe(&first);
    let (start, start_parks) = (busy(&installed), parks(&installed));
    let worked = work_on(&first);
    let (after, after_parks) = (busy(&installed), parks(&installed));
    assert!(after - start >= worked - 1e-6, "{start} {after} {worked}");
    assert!(after_parks > start_parks);
    let share = installed.value("tokio.worker.utilization", &[]);
    assert!((0.0..=1.0).contains(&share), "{share}");

    // Observing the same runtime twice changes nothing; another runtime adds to the totals.
    observe(&first);
    assert!(busy(&installed) - after < 0.1);
    let second = runtime(1);
    for _ in 0..3 {
        work_on(&second); // before it is observed, and more than the first one
    }
    observe(&second);
    let between = busy(&installed);
    assert!((0.0..0.1).contains(&(between - after)), "{after} {between}");
    work_on(&second);
    drop(second);
    assert!(busy(&installed) - between >= 0.2);
    drop(first);
    assert_eq!(
        installed.value("tokio.worker.count", &[]),
        1.0,
        "the last one that was installed"
    );
}
