use std::fs;
use std::path::PathBuf;

use secrecy::ExposeSecret;

use crate::dynatrace::config::endpoint_file::{EndpointFile, EndpointProperties};
use crate::properties::MAX_BYTES;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for temporary files"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("endpoint.properties")
    }

    fn found(&self, content: impl AsRef<[u8]>) -> (Option<String>, Option<String>) {
        fs::write(self.path(), content).expect("just made");
        plain(EndpointFile::at(self.path()).read_first())
    }
}

fn plain(found: EndpointProperties) -> (Option<String>, Option<String>) {
    let text = |secret: Option<secrecy::SecretString>| Some(secret?.expose_secret().to_owned());
    (text(found.url), text(found.token))
}

fn pair(url: &str, token: &str) -> (Option<String>, Option<String>) {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    (text(url), text(token))
}

#[test]
fn the_two_keys_are_read_however_they_are_written() {
    let folder = Folder::new();
    for (text, url, token) in [
        (
            "DT_METRICS_INGEST_URL=u\nDT_METRICS_INGEST_API_TOKEN=t\n",
            "u",
            "t",
        ),
        (
            "DT_METRICS_INGEST_URL=u\nDT_METRICS_INGEST_API_TOKEN=t",
            "u",
            "t",
        ),
        (
            "DT_METRICS_INGEST_URL=u\r\nDT_METRICS_INGEST_API_TOKEN=t\r\n",
            "u",
            "t",
        ),
        ("\u{feff}DT_METRICS_INGEST_URL=u\n", "u", ""),
        (
            "DT_METRICS_INGEST_URL = https\\://h/p \nother=x",
            "https://h/p",
            "",
        ),
        (
            "DT_METRICS_INGEST_URL: https://h/p?a=b",
            "https://h/p?a=b",
            "",
        ),
        (
            "DT_METRICS_INGEST_URL=\"u\"\nDT_METRICS_INGEST_API_TOKEN='t'",
            "u",
            "t",
        ),
        (
            "# DT_METRICS_INGEST_URL=x\n!DT_METRICS_INGEST_API_TOKEN=x\n",
            "",
            "",
        ),
        (
            "DT_METRICS_INGEST_URL=\nDT_METRICS_INGEST_API_TOKEN= \n",
            "",
            "",
        ),
        (
            "DT_METRICS_INGEST_URL=u\nDT_METRICS_INGEST_URL=v\n",
            "v",
            "",
        ),
        ("DT_METRICS_INGEST_API_TOKEN=a\\\n  b\n", "", "ab"),
        ("DT_METRICS_INGEST_API_TOKEN=\\u0061.b\n", "", "a.b"),
        ("dt_metrics_ingest_url=u\n", "", ""),
        ("broken\\u12\nDT_METRICS_INGEST_URL=u\n", "u", ""),
        ("", "", ""),
    ] {
        assert_eq!(folder.found(text), pair(url, token), "{text:?}");
    }
    assert_eq!(
        folder.found(b"x=\xff\nDT_METRICS_INGEST_URL=u\0".as_slice()),
        pair("u\0", "")
    );
}

#[test]
fn anything_but_a_small_file_is_ignored() {
    let folder = Folder::new();
    let nothing = pair("", "");
    assert_eq!(plain(EndpointFile::at(folder.path()).read_first()), nothing);
    assert_eq!(
        plain(EndpointFile::at(folder.0.path()).read_first()),
        nothing
    );
    let mut text = String::from("DT_METRICS_INGEST_URL=u\n#");
    let filled = |text: &str, length| format!("{text}{}", "x".repeat(length - text.len()));
    assert_eq!(folder.found(filled(&text, MAX_BYTES)), pair("u", ""));
    text = filled(&text, MAX_BYTES + 1);
    assert_eq!(folder.found(text), nothing);
}

#[test]
fn less_than_before_is_not_whole() {
    let found = |text: &str| {
        let folder = Folder::new();
        fs::write(folder.path(), text).expect("just made");
        EndpointFile::at(folder.path()).read().expect("there")
    };
    let both = found("DT_METRICS_INGEST_URL=u\nDT_METRICS_INGEST_API_TOKEN=t\n");
    let url = found("DT_METRICS_INGEST_URL=v\n");
    let nothing = found("");
    assert!(both.covers(&url) && both.covers(&nothing) && url.covers(&nothing));
    assert!(url.covers(&url) && !url.covers(&both) && !nothing.covers(&url));
    assert!(url == url.clone() && url != both);
}

#[cfg(unix)]
#[test]
fn a_file_that_never_answers_does_not_delay_the_start() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return; // No such command here.
    }
    let start = std::time::Instant::now();
    assert_eq!(
        plain(EndpointFile::at(folder.path()).read_first()),
        pair("", "")
    );
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}
