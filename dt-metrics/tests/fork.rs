//! A forked child has the memory of its parent, but none of its threads.
#![cfg(unix)]
#![allow(unsafe_code, reason = "fork")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dt_metrics::instrument::{Counter, Observer};
use dt_metrics::{Error, Handle, count, gauge, observe, record};

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

    /// The counts that arrived, without metadata and all that follows the delta; of histograms and
    /// gauges the whole payload.
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

/// What a child does with what it inherited, and with metrics of its own.
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
    // Of each thread the newest 4,096 values are kept; the others are counted.
    assert_eq!(own.health().dropped.get("before_install"), Some(&1_904));
    soon(|| drop(observer));
    own.shutdown(AMPLE).unwrap();
}

#[test]
fn a_child_delivers_its_own_measurements_and_none_of_its_parents() {
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
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let counting = std::thread::spawn(move || {
        count!("forked.both", 20);
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            count!("forked.busy");
            record!("forked.busy_value", 1.0);
        }
    });
    // SAFETY: the child does not touch locks of other threads but those of the allocator, which
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
