use std::thread;

use super::*;

const AMPLE: Duration = Duration::from_secs(60);

fn block_on<T>(work: impl Future<Output = T>) -> T {
    runtime("test").unwrap().block_on(work)
}

fn run(thread: &RuntimeThread) -> thread::ThreadId {
    let work = async { thread::current().id() };
    block_on(thread.run(AMPLE, work)).unwrap().unwrap()
}

fn wait_for_the_end(thread: &RuntimeThread) {
    let start = Instant::now();
    while thread.0.state().handle.is_some() {
        assert!(start.elapsed() < AMPLE, "the thread goes on");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_thread_ends_without_work_and_starts_again() {
    let thread = RuntimeThread::new("test", Duration::ZERO);
    for _ in 0..=OFTEN {
        assert_ne!(run(&thread), thread::current().id());
        wait_for_the_end(&thread);
    }
    assert_eq!(thread.0.state().works, 0);
}

#[test]
fn the_thread_runs_while_there_is_work() {
    let thread = RuntimeThread::new("test", AMPLE);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let (done, is_done) = mpsc::channel();
    thread.begin(async move {
        ended.await.unwrap();
        done.send(thread::current().id()).unwrap();
    });
    thread::sleep(KEEP_ALIVE * 2);
    let other = run(&thread);
    end.send(()).unwrap();
    assert_eq!(is_done.recv_timeout(AMPLE), Ok(other));
    wait_for_the_end(&thread);
}

#[test]
fn a_thread_that_is_often_needed_is_kept() {
    let thread = RuntimeThread::new("test", AMPLE);
    for _ in 0..OFTEN {
        run(&thread);
        wait_for_the_end(&thread);
    }
    let kept = run(&thread);
    assert_eq!(thread.0.state().patience(AMPLE), AMPLE);
    assert_eq!(run(&thread), kept);
}

#[test]
fn the_thread_ends_with_its_owner() {
    let thread = RuntimeThread::new("test", AMPLE);
    let shared = Arc::clone(&thread.0);
    // Dropped with the runtime.
    let (held, is_dropped) = mpsc::channel::<()>();
    thread.begin(async move {
        std::future::pending::<()>().await;
        drop(held);
    });
    drop(thread);
    assert!(is_dropped.recv_timeout(AMPLE).is_err());
    assert!(shared.state().is_dropped);
}

#[test]
fn work_that_takes_too_long_is_given_up() {
    let thread = RuntimeThread::new("test", AMPLE);
    let late = thread.run(Duration::from_millis(1), std::future::pending::<()>());
    assert_eq!(block_on(late).unwrap(), None);
    wait_for_the_end(&thread);
}
