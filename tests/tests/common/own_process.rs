//! A test of the same file in a process of its own.

use std::process::{Command, Stdio};

const MARK: &str = "DT_METRICS_TEST_CHILD";

/// The command that runs that test.
pub fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env(MARK, test);
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(proxy).env_remove(proxy.to_lowercase());
    }
    command
}

/// Whether this process is the one that `child` makes for that test.
pub fn is_child(test: &str) -> bool {
    std::env::var(MARK).is_ok_and(|mark| mark == test)
}
