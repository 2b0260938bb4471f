//! Tests in processes of their own, and programs that tests start.
//!
//! A process has one pipeline, one global logger, one environment and one set of signal handlers,
//! but `cargo test` runs all tests of a binary in one process. A test that needs the process to
//! itself therefore begins with `own_process!`:
//!
//! ```ignore
//! #[test]
//! fn a_count_arrives() {
//!     own_process!();
//!     let metrics = to(&server).install().unwrap();
//!     // …
//! }
//! ```
//!
//! The macro starts this test binary again, for this test alone, and returns when that process has
//! ended. Only the new process runs the rest of the test.
//!
//! A test that starts a program with other variables or sends it signals writes the program as a
//! second test, which does nothing unless it [`is_child`], and starts it by [`child`].

use std::any::type_name;
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Names the test that a process was started for.
const CHILD: &str = "TEST_CHILD_OF_DT_METRICS";

/// Held by each test that runs in a process of its own: shared, or exclusively if the test
/// measures time or memory.
static TURNS: RwLock<()> = RwLock::new(());

/// Runs the rest of this test in a process of its own.
///
/// Such tests run side by side, like all tests. One that measures time or memory uses
/// `own_process!(alone)`: no other test with a process of its own runs meanwhile.
macro_rules! own_process {
    () => {
        own_process!(shared)
    };
    ($turn:ident) => {
        let test = {
            // The path of a function inside the test begins with the path of the test.
            fn here() {}
            $crate::common::own_process::path_around(here)
        };
        if !$crate::common::own_process::is_child(test) {
            let _turn = $crate::common::own_process::$turn();
            let child = $crate::common::own_process::child(test);
            println!("{}", $crate::common::own_process::passes(child));
            return;
        }
    };
}

/// A turn that other tests in processes of their own may share.
pub fn shared() -> RwLockReadGuard<'static, ()> {
    TURNS.read().unwrap_or_else(PoisonError::into_inner)
}

/// A turn without any other test in a process of its own.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    TURNS.write().unwrap_or_else(PoisonError::into_inner)
}

/// The command that runs the test with this path in a process of its own.
pub fn child(path: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", path, "--include-ignored"])
        .args(["--nocapture", "--test-threads=1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env(CHILD, path);
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(proxy).env_remove(proxy.to_lowercase());
    }
    for variable in ["OTEL_METRICS_EXPORTER", "OTEL_SDK_DISABLED"] {
        command.env_remove(variable);
    }
    command
}

/// Whether this process was started for the test with this path.
pub fn is_child(path: &str) -> bool {
    std::env::var(CHILD).is_ok_and(|child| child == path)
}

/// The path of a test function, as the test harness names it: without the name of the crate.
pub fn path_of<F: Fn() + Copy>(_: F) -> &'static str {
    let (_, path) = type_name::<F>().split_once("::").unwrap();
    path
}

/// The path of the test inside which this function is defined.
pub fn path_around<F: Fn() + Copy>(inner: F) -> &'static str {
    let (test, _) = path_of(inner).rsplit_once("::").unwrap();
    test
}

/// Runs a [`child`] to its end and returns its output; panics with the output unless the test
/// passes.
pub fn passes(mut child: Command) -> String {
    let output = child.output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    // A path that names no test succeeds as well, with 0 passed.
    let has_passed = output.status.success() && printed.contains("test result: ok. 1 passed");
    assert!(has_passed, "{child:?}: {}\n{printed}", output.status);
    printed
}
