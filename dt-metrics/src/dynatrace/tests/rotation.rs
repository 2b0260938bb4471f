//! A token that is replaced while the program runs, in a real file.

use crate::dynatrace::config::endpoint_file::EndpointFile;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::exporter::Exporter;
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, export_one};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server that accepts one token, which may change.
struct Rotated {
    server: Server,
    valid: Arc<Mutex<&'static str>>,
    folder: tempfile::TempDir,
}

impl Rotated {
    fn new(valid: &'static str) -> Self {
        let valid = Arc::new(Mutex::new(valid));
        let known = valid.clone();
        let server = Server::start(move |_, request| {
            let expected = format!("Api-Token {}", known.lock().expect("whole"));
            if request.headers.get("authorization") == Some(&expected) {
                Reply::accepted()
            } else {
                Reply::status(401)
            }
        });
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        Self {
            server,
            valid,
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("endpoint.properties")
    }

    fn text(&self, token: &str) -> String {
        let url = self.server.url("/api/v2/metrics/ingest");
        format!("DT_METRICS_INGEST_URL={url}\nDT_METRICS_INGEST_API_TOKEN={token}")
    }

    fn write(&self, token: &str) {
        fs::write(self.path(), self.text(token)).expect("writable");
    }

    fn exporter(&self) -> Exporter {
        start(&self.path())
    }
}

fn start(path: &Path) -> Exporter {
    let options = Options {
        endpoint_file: EndpointFile::at(path),
        ..Options::default()
    };
    Exporter::with_environment(options, &|_| None).expect("valid")
}

#[test]
fn a_new_token_in_the_file_is_used_without_restart() {
    let rotated = Rotated::new("old");
    rotated.write("old");
    let exporter = rotated.exporter();
    let provider = export_one(&exporter);
    exporter.flush(LONG).expect("the token is good");

    // The file is replaced first, the token becomes invalid later: nothing is refused for long.
    rotated.write("new");
    *rotated.valid.lock().expect("whole") = "new";
    let _second = export_one(&exporter);
    exporter.flush(LONG).expect("the new one is found at once");
    let health = exporter.health();
    assert_eq!((health.points_accepted, health.points_pending), (2, 0));
    assert_eq!(health.requests_accepted + health.requests_failed, {
        u64::try_from(rotated.server.requests().len()).expect("few")
    });
    drop(provider);
}

#[test]
fn refused_requests_are_sent_once_the_token_is_there() {
    let rotated = Rotated::new("new");
    rotated.write("old");
    let exporter = rotated.exporter();
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect_err("the token is wrong");
    assert_eq!(exporter.health().points_pending, 1);

    // The next attempt would be half a minute away.
    rotated.write("new");
    rotated.server.wait_for(2);
    exporter.flush(LONG).expect("the token is good");
    assert_eq!(exporter.health().points_accepted, 1);
}

#[cfg(unix)]
#[test]
fn a_file_behind_links_is_followed_as_kubernetes_replaces_it() {
    use std::os::unix::fs::symlink;

    let rotated = Rotated::new("new");
    let root = rotated.folder.path();
    let version = |name: &str, token: &str| {
        let folder = root.join(name);
        fs::create_dir(&folder).expect("free");
        fs::write(folder.join("endpoint.properties"), rotated.text(token)).expect("writable");
    };
    version("..1", "old");
    version("..2", "new");
    symlink("..1", root.join("..data")).expect("free");
    symlink("..data/endpoint.properties", rotated.path()).expect("free");

    let exporter = rotated.exporter();
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect_err("the token is wrong");
    symlink("..2", root.join("..data_tmp")).expect("free");
    fs::rename(root.join("..data_tmp"), root.join("..data")).expect("atomic");
    rotated.server.wait_for(2);
    exporter.flush(LONG).expect("the token is good");
}

#[test]
fn a_file_that_appears_or_names_another_endpoint_is_followed() {
    let one = Rotated::new("t");
    let two = Rotated::new("t");
    let path = one.path();
    fs::write(&path, one.text("t")).expect("writable");
    let exporter = start(&path);
    let _provider = export_one(&exporter);
    exporter.flush(LONG).expect("accepted");
    assert!(format!("{exporter:?}").contains(&one.server.url("")));

    fs::write(&path, two.text("t")).expect("writable");
    wait(|| format!("{exporter:?}").contains(&two.server.url("")));
    let _second = export_one(&exporter);
    exporter.flush(LONG).expect("accepted");
    assert_eq!(
        (one.server.requests().len(), two.server.requests().len()),
        (1, 1)
    );
}

#[test]
fn pending_requests_go_to_a_new_endpoint_and_the_spool_names_it() {
    let down = Server::start(|_, _| Reply::status(503));
    let up = Rotated::new("t");
    let path = up.path();
    let text = |url: String| format!("DT_METRICS_INGEST_URL={url}\nDT_METRICS_INGEST_API_TOKEN=t");
    fs::write(&path, text(down.url("/api/v2/metrics/ingest"))).expect("writable");
    let spool = up.folder.path().join("spool");
    let options = Options {
        endpoint_file: EndpointFile::at(&path),
        spool_dir: Some(spool.clone()),
        ..Options::default()
    };
    let exporter = Exporter::with_environment(options, &|_| None).expect("valid");
    let _provider = export_one(&exporter);
    let note = || fs::read_to_string(spool.join("slot-000/recipient")).expect("named");
    assert_eq!(
        note(),
        format!("lines {}\n", down.url("/api/v2/metrics/ingest"))
    );

    up.write("t");
    wait(|| note() == format!("lines {}\n", up.server.url("/api/v2/metrics/ingest")));
    exporter.flush(LONG).expect("accepted");
    assert_eq!(up.server.requests().len(), 1);
}

/// Waits for something that the exporter does by itself.
fn wait(mut done: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "it did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}
