//! A working directory that names files of its user, such as a checkout: nothing of them is sent.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::common::log::Log;
use crate::common::own_process::{child, is_child, passes, path_of, shared};
use crate::common::{AMPLE, NEVER};
use dt_metrics::count;
use dt_metrics_local::Server;

/// The name that a OneAgent answers for.
const INDIRECTION: &str = "dt_metadata_e617c525669e072eebe3d0f08212e8f2.properties";

/// The program: counts once, and prints its log.
#[test]
fn a_program_in_a_checkout() {
    if !is_child(path_of(a_program_in_a_checkout)) {
        return;
    }
    let log = Log::install();
    let metrics = dt_metrics::builder()
        .push_interval(NEVER)
        .install()
        .expect("the directory does not matter");
    count!("checkout.calls");
    metrics.shutdown(AMPLE).unwrap();
    println!("log: {}", log.text());
}

/// Runs the program in this directory; returns its output and the lines that it sent.
fn run(directory: &Path) -> (String, String) {
    let server = Server::builder().port(0).start().unwrap();
    let mut child = child(path_of(a_program_in_a_checkout));
    child
        .current_dir(directory)
        .env("DT_METRICS_INGEST_URL", server.oneagent_url())
        .env("APP_SECRET", "k8s.pod.name=hunter2");
    let printed = passes(child);
    (printed, format!("{:?}", server.lines()))
}

#[test]
fn a_file_of_a_checkout_sends_no_secrets() {
    let _turn = shared();
    let folder = tempfile::tempdir().unwrap();
    let env = folder.path().join(".env");
    let mut text = "DB_PASSWORD=hunter2\nk8s.pod.name=hunter2\n".to_owned();
    for index in 0..60 {
        writeln!(text, "k8s.k{index}=hunter2").unwrap();
    }
    fs::write(&env, text).unwrap();
    for named in [
        env.to_str().unwrap(),
        ".env",
        "/proc/self/environ",
        "/var/lib/dynatrace/../../../proc/self/environ",
    ] {
        fs::write(folder.path().join(INDIRECTION), named).unwrap();
        let (printed, sent) = run(folder.path());
        assert!(sent.contains("checkout.calls"), "{sent}");
        assert!(!sent.contains("hunter2"), "{named}: {sent}");
        assert!(!printed.contains("hunter2"), "{named}: {printed}");
        assert!(printed.contains(INDIRECTION), "a warning: {printed}");
    }
}
