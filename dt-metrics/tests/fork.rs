//! A forked child has the memory of its parent, but none of its threads.
#![cfg(unix)]
#![allow(unsafe_code, reason = "fork")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use dt_metrics::instrument::{Counter, Observer};
use dt_metrics::{Error, Handle, count, counted, gauge, measured, observe, record};

const NEVER: Duration = Duration::from_secs(3_600);
const AMPLE: Duration = Duration::from_secs(30);

/// Accepts everything.
struct Server {
    url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/api/v2/metrics/ingest",
            listener.local_addr().unwrap()
        );
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = lines.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = seen.clone();
                std::thread::spawn(move || serve(stream, &seen));
            }
        });
        Self { url, lines }
    }

    /// The counts that arrived, without metadata and everything after the delta; for histograms and
    /// gauges, the whole payload.
    fn counts(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let data = lines.iter().filter(|line| !line.starts_with('#'));
        data.map(|line| {
            let (key, payload) = line.split_once(' ').unwrap();
            let key = key.split(',').next().unwrap();
            format!("{key} {}", payload.split(' ').next().unwrap())
        })
        .collect()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        seen.lock().unwrap().extend(body.lines().map(Into::into));
        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        if writer.write_all(answer).is_err() {
            return;
        }
    }
}

fn install(server: &Server) -> Handle {
    dt_metrics::builder()
        .endpoint(&server.url)
        .push_interval(NEVER)
        .set_global(false)
        .install()
        .unwrap()
}

fn soon<T>(action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = action();
    assert!(start.elapsed() < Duration::from_secs(1), "it waited");
    result
}

/// The behaviour of a child with inherited metrics, and with metrics of its own.
fn live_as_a_child(inherited: Handle, hits: Counter, observer: Observer, server: &Server) {
    soon(|| assert!(matches!(inherited.flush(AMPLE), Err(Error::Forked))));
    soon(|| assert!(matches!(inherited.shutdown(AMPLE), Err(Error::Forked))));
    soon(|| drop(inherited.health()));
    soon(|| drop(format!("{inherited:?}")));
    // Before its own installation, on this thread and on another.
    count!("forked.both", 1);
    record!("forked.value", 2.0);
    gauge!("forked.gauge", 8);
    hits.add(2);
    soon(|| drop(hits));
    std::thread::spawn(|| {
        count!("forked.both", 1);
        // More than a thread keeps in its memory: its parent's pipeline does not take them.
        (0..6_000).for_each(|_| record!("forked.value", 2.0));
    })
    .join()
    .unwrap();
    let own = soon(|| install(server));
    soon(|| drop(inherited));
    count!("forked.both", 1);
    own.flush(AMPLE).unwrap();
    // The newest 4,096 values of each thread are kept; older values are counted.
    assert_eq!(own.health().dropped.get("before_install"), Some(&1_904));
    soon(|| drop(observer));
    own.shutdown(AMPLE).unwrap();
}

#[test]
fn a_child_delivers_its_own_measurements_and_none_of_its_parents() {
    if !is_alone("a_child_delivers_its_own_measurements_and_none_of_its_parents") {
        return;
    }
    let (parents, childs) = (Server::start(), Server::start());
    let metrics = install(&parents);
    let hits = Counter::builder("forked.hits").build().unwrap();
    hits.add(5);
    let observer = observe("forked.observed").callback(|o| o.record(4, ()));
    let observer = observer.unwrap();
    // From now on a thread of the parent waits for the next poll.
    metrics.flush(AMPLE).unwrap();
    count!("forked.both", 5);
    count!("forked.parent", 1);
    record!("forked.value", 9.0);
    gauge!("forked.parents_gauge", 3);
    // A thread that goes on while this one forks, and one that is over.
    std::thread::spawn(|| count!("forked.both", 10))
        .join()
        .unwrap();
    let (stop, stopped) = channel::<()>();
    let counting = std::thread::spawn(move || {
        count!("forked.both", 20);
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            count!("forked.busy");
            record!("forked.busy_value", 1.0);
        }
    });
    // SAFETY: the child does not touch locks of other threads except locks of the allocator, which
    // the C library keeps usable, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "a process can be had");
    if child == 0 {
        let lived = catch_unwind(AssertUnwindSafe(|| {
            live_as_a_child(metrics, hits, observer, &childs);
        }));
        // SAFETY: ends this process and nothing else.
        unsafe { libc::_exit(i32::from(lived.is_err())) };
    }
    let mut status = 0;
    // SAFETY: the child of this process, and a place for its status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, status), (child, 0), "the child ended well");
    let mut counts = childs.counts();
    counts.sort();
    counts.dedup();
    assert_eq!(
        counts,
        [
            "forked.both count,delta=3",
            "forked.gauge gauge,8",
            "forked.hits count,delta=2",
            "forked.observed gauge,4",
            "forked.value gauge,min=2,max=2,sum=8194,count=4097"
        ]
    );
    // Another child exits with the handle of its parent, which delivers nothing there.
    // SAFETY: as above, but it leaves by `exit`, which ends no other thread's work here.
    let child = unsafe { libc::fork() };
    if child == 0 {
        count!("forked.both", 100);
        std::process::exit(5);
    }
    // SAFETY: the child of this process, and a place for its status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, libc::WEXITSTATUS(status)), (child, 5));
    drop(stop);
    counting.join().unwrap();

    drop((hits, observer));
    metrics.flush(AMPLE).unwrap();
    let mut counts = parents.counts();
    counts.retain(|line| !line.starts_with("forked.busy"));
    counts.sort();
    counts.dedup();
    assert_eq!(
        counts,
        [
            "forked.both count,delta=35",
            "forked.hits count,delta=5",
            "forked.observed gauge,4",
            "forked.parent count,delta=1",
            "forked.parents_gauge gauge,3",
            "forked.value gauge,min=9,max=9,sum=9,count=1"
        ]
    );
    metrics.shutdown(AMPLE).unwrap();
}

/// Whether this process runs the named test and no other; if not, such a process is run.
fn is_alone(test: &str) -> bool {
    const ALONE: &str = "DT_METRICS_FORK_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let status = std::process::Command::new(program)
        .args([test, "--exact", "--nocapture"])
        .env(ALONE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} alone: {status}");
    false
}

/// Forks, and ends the child when it has done `work`.
fn fork(work: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child does not touch locks of other threads except locks of the allocator, which
    // the C library keeps usable, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "a process can be had");
    if child == 0 {
        let lived = catch_unwind(AssertUnwindSafe(work));
        // SAFETY: ends this process and nothing else.
        unsafe { libc::_exit(i32::from(lived.is_err())) };
    }
    child
}

/// Waits for a child, which ends well and in time.
fn wait_for(child: libc::pid_t) {
    let start = Instant::now();
    let mut status = 0;
    loop {
        // SAFETY: the child of this process, and a place for its status.
        let waited = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
        if waited == child {
            assert_eq!(status, 0, "the child ended well");
            return;
        }
        if start.elapsed() > AMPLE {
            // SAFETY: the child of this process.
            unsafe { libc::kill(child, libc::SIGKILL) };
            unreachable!("the child hangs");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The lines that arrived, without lines of the library's own metrics.
fn sorted(server: &Server) -> Vec<String> {
    let mut counts = server.counts();
    counts.sort();
    counts.dedup();
    counts
}

#[test]
fn each_of_a_line_of_processes_delivers_its_own_counts() {
    if !is_alone("each_of_a_line_of_processes_delivers_its_own_counts") {
        return;
    }
    let servers = [(); 4].map(|()| Server::start());
    // Nothing is installed anywhere until the last of three processes does it.
    count!("line.first", 1);
    let child = fork(|| {
        count!("line.second", 1);
        std::thread::spawn(|| count!("line.second", 1))
            .join()
            .unwrap();
        let grandchild = fork(|| {
            count!("line.third", 1);
            let metrics = install(&servers[2]);
            count!("line.third", 1);
            metrics.shutdown(AMPLE).unwrap();
        });
        wait_for(grandchild);
        count!("line.second", 1);
        let metrics = install(&servers[1]);
        metrics.flush(AMPLE).unwrap();
        count!("line.second", 1);
        // And one that is forked while its parent has a pipeline.
        let grandchild = fork(|| {
            count!("line.fourth", 1);
            let own = install(&servers[3]);
            own.shutdown(AMPLE).unwrap();
        });
        wait_for(grandchild);
        metrics.shutdown(AMPLE).unwrap();
    });
    wait_for(child);
    count!("line.first", 1);
    let metrics = install(&servers[0]);
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(sorted(&servers[0]), ["line.first count,delta=2"]);
    assert_eq!(
        sorted(&servers[1]),
        ["line.second count,delta=1", "line.second count,delta=3"]
    );
    assert_eq!(sorted(&servers[2]), ["line.third count,delta=2"]);
    assert_eq!(sorted(&servers[3]), ["line.fourth count,delta=1"]);
}

#[counted(name = "inside.entered")]
fn entered(work: impl FnOnce()) -> libc::pid_t {
    fork(work)
}

/// Returns in the parent, and in the child.
#[measured(name = "inside.returned")]
fn returned() -> libc::pid_t {
    // SAFETY: as in `fork`; the caller ends the child.
    unsafe { libc::fork() }
}

#[test]
fn a_fork_in_an_annotated_function_counts_the_call_where_it_ends() {
    if !is_alone("a_fork_in_an_annotated_function_counts_the_call_where_it_ends") {
        return;
    }
    let servers = [(); 3].map(|()| Server::start());
    let child = entered(|| {
        count!("inside.child", 1);
        install(&servers[1]).shutdown(AMPLE).unwrap();
    });
    wait_for(child);
    let child = returned();
    if child == 0 {
        let metrics = install(&servers[2]);
        let lived = catch_unwind(AssertUnwindSafe(|| metrics.shutdown(AMPLE).unwrap()));
        // SAFETY: ends this process and nothing else.
        unsafe { libc::_exit(i32::from(lived.is_err())) };
    }
    wait_for(child);
    install(&servers[0]).shutdown(AMPLE).unwrap();
    let counts = |server| {
        let mut counts = sorted(server);
        counts.retain(|line| !line.contains(".duration ") && !line.contains(".in_flight "));
        counts
    };
    assert_eq!(
        counts(&servers[0]),
        [
            "inside.entered count,delta=1",
            "inside.returned.calls count,delta=1"
        ]
    );
    assert_eq!(counts(&servers[1]), ["inside.child count,delta=1"]);
    assert_eq!(counts(&servers[2]), ["inside.returned.calls count,delta=1"]);
}

/// Shared while a thread begins or ends, and taken by a fork: the standard library holds a lock then, and
/// a child that inherits the lock cannot start threads.
static THREADS: RwLock<()> = RwLock::new(());

/// Runs `work` on a new thread.
fn on_a_new_thread(work: impl FnOnce() + Send + 'static) {
    let shared = || THREADS.read().unwrap();
    let (begun, begins) = channel();
    let (done, is_done) = channel();
    let (leave, leaves) = channel::<()>();
    let begins_or_ends = shared();
    let thread = std::thread::spawn(move || {
        begun.send(()).unwrap();
        work();
        done.send(()).unwrap();
        // Fails when the sender is dropped.
        let _ = leaves.recv();
    });
    begins.recv().unwrap();
    drop(begins_or_ends);
    is_done.recv().unwrap();
    let _begins_or_ends = shared();
    drop(leave);
    thread.join().unwrap();
}

/// Many series.
#[measured(name = "churn", dims(id = id))]
fn churn(id: u64) {
    let _ = id;
}

#[test]
fn a_child_of_a_busy_process_does_not_wait_for_threads_it_does_not_have() {
    if !is_alone("a_child_of_a_busy_process_does_not_wait_for_threads_it_does_not_have") {
        return;
    }
    let server = Server::start();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    // A new thread has no cached series.
                    on_a_new_thread(|| (0..500).for_each(churn));
                }
            });
        }
        let children = || {
            for round in 0..200 {
                let threads = THREADS.write().unwrap();
                let child = fork(|| {
                    churn(u64::MAX - round);
                    if round % 20 == 0 {
                        let metrics = install(&server);
                        metrics.flush(AMPLE).unwrap();
                    }
                });
                drop(threads);
                wait_for(child);
            }
        };
        let done = catch_unwind(AssertUnwindSafe(children));
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        done.unwrap();
    });
    let counts = server.counts();
    let calls = counts
        .iter()
        .filter(|line| line.starts_with("churn.calls "));
    assert_eq!(calls.count(), 10);
    assert!(counts.contains(&"churn.calls count,delta=1".to_owned()));
}

/// With a spool, counts are in a mapped file, which a forked child has as well.
#[test]
fn a_child_does_not_count_in_the_file_of_its_parent() {
    if !is_alone("a_child_does_not_count_in_the_file_of_its_parent") {
        return;
    }
    let (parents, childs) = (Server::start(), Server::start());
    let directory = tempfile::TempDir::new().unwrap();
    let install_with_spool = |server: &Server| {
        dt_metrics::builder()
            .endpoint(&server.url)
            .spool_dir(directory.path())
            .push_interval(NEVER)
            .set_global(false)
            .install()
            .unwrap()
    };
    // A process that counts in the file, forks, and ends without notice.
    let dies = fork(|| {
        let metrics = install_with_spool(&parents);
        let hits = Counter::builder("mapped.hits").build().unwrap();
        hits.add(1);
        count!("mapped.both", 5);
        // Counts, and never installs metrics.
        wait_for(fork(|| {
            count!("mapped.both", 1_000);
            hits.add(1_000);
            std::thread::spawn(|| count!("mapped.both", 1_000))
                .join()
                .unwrap();
        }));
        count!("mapped.both", 20);
        // Has metrics of its own, with a slot of its own in the spool.
        wait_for(fork(|| {
            count!("mapped.both", 1);
            hits.add(1);
            let own = install_with_spool(&childs);
            count!("mapped.both", 2);
            own.flush(AMPLE).unwrap();
            count!("mapped.both", 4);
            hits.add(2);
            own.shutdown(AMPLE).unwrap();
        }));
        count!("mapped.both", 100);
        hits.add(1);
        std::mem::forget(metrics);
        // `fork` leaves by `_exit`, which delivers nothing.
    });
    wait_for(dies);
    let total = |server: &Server, key: &str| -> u64 {
        let counts = server.counts();
        let deltas = counts
            .iter()
            .filter_map(|line| line.strip_prefix(key)?.strip_prefix(" count,delta="));
        deltas.map(|delta| delta.parse::<u64>().unwrap()).sum()
    };
    assert_eq!(total(&childs, "mapped.both"), 7);
    assert_eq!(total(&childs, "mapped.hits"), 3);
    assert_eq!(total(&parents, "mapped.both"), 0);
    let metrics = install_with_spool(&parents);
    count!("mapped.both", 10_000);
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(total(&parents, "mapped.both"), 10_125);
    assert_eq!(total(&parents, "mapped.hits"), 2);
}

/// The parent goes on counting in the file after a child has ended, and delivers its counts itself.
#[test]
fn a_parent_with_a_spool_delivers_its_own_counts() {
    if !is_alone("a_parent_with_a_spool_delivers_its_own_counts") {
        return;
    }
    let server = Server::start();
    let directory = tempfile::TempDir::new().unwrap();
    let metrics = dt_metrics::builder()
        .endpoint(&server.url)
        .spool_dir(directory.path())
        .push_interval(NEVER)
        .set_global(false)
        .install()
        .unwrap();
    count!("spooling.both", 1);
    let count_in_child = || {
        wait_for(fork(|| {
            count!("spooling.both", 1_000);
            count!("spooling.child", 1);
        }));
    };
    count_in_child();
    count!("spooling.both", 2);
    metrics.flush(AMPLE).unwrap();
    count!("spooling.both", 4);
    count_in_child();
    metrics.shutdown(AMPLE).unwrap();
    assert_eq!(
        sorted(&server),
        ["spooling.both count,delta=3", "spooling.both count,delta=4"]
    );
}
