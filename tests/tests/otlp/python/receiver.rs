//! The receiver in Python.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// It runs until it is asked.
pub(crate) struct Receiver {
    process: Child,
    pub(crate) url: String,
}

impl Receiver {
    pub(crate) fn start(faults: &[&str]) -> Self {
        let python = std::env::var("DT_METRICS_PYTHON").expect("`.ci/otlp` sets it");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/otlp/receiver.py");
        let mut process = Command::new(python)
            .arg(script)
            .args(faults)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let output = BufReader::with_capacity(1, process.stdout.as_mut().unwrap());
        output.take(100).read_line(&mut first).unwrap();
        let url = first.trim().to_owned();
        assert!(url.starts_with("http://"), "{first:?}");
        Self { process, url }
    }

    /// What arrived until now.
    pub(crate) fn end(mut self) -> Value {
        drop(self.process.stdin.take());
        let mut said = String::new();
        let output = self.process.stdout.as_mut().unwrap();
        output.read_to_string(&mut said).unwrap();
        assert!(self.process.wait().unwrap().success());
        serde_json::from_str(&said).unwrap()
    }
}
