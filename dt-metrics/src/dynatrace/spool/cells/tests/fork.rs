//! A forked child does not write to the file of its parent.
#![allow(unsafe_code, reason = "fork")]

use std::fs;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::super::file::{Full, NAME};
use super::{counter, handle, new_file};
use crate::instrument::Memory;

/// Runs `child` in a forked child, and returns whether `child` returned true there.
fn in_child(child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls `child` and ends; it has the locks of the C library, which are free after a
    // fork.
    match unsafe { libc::fork() } {
        0 => {
            let code = i32::from(!child());
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(code) }
        }
        id => {
            assert!(id > 0);
            let mut status = 0;
            // SAFETY: `status` is a place for the result.
            while unsafe { libc::waitpid(id, &raw mut status, 0) } != id {}
            status == 0
        }
    }
}

#[test]
fn a_forked_child_has_a_private_copy() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    // Several pieces, so that each is copied.
    let mut chunks = Vec::new();
    while file.bytes() < 512 * 1024 {
        chunks.push(file.chunk(chunks.len()).unwrap());
    }
    file.assign(0, 0, counter("a", ""), &[]);
    for (index, chunk) in chunks.iter().enumerate() {
        chunk.add(index % 64, index as u64 + 1);
    }
    let samples = [file.samples(), file.samples()].map(|array| array.unwrap().samples);
    samples[0][1].put(0, 1.5);
    samples[1][1_023].put(0, 2.5);
    let path = directory.path().join(NAME);
    let before = fs::read(&path).unwrap();
    let has_values = |value: f64| {
        let [first, last] = [&samples[0][1], &samples[1][1_023]];
        first.get() == (0, 1.5) && last.get() == (0, value)
    };
    let has_contents = |chunk: usize| {
        let cells = chunks[chunk];
        (0..64).all(|cell| {
            let expected = if cell == chunk % 64 {
                chunk as u64 + 1
            } else {
                0
            };
            cells.get(cell) == expected
        })
    };
    assert!((0..chunks.len()).all(has_contents));
    let is_private = in_child(|| {
        file.detach();
        file.detach();
        let is_same = (0..chunks.len()).all(has_contents) && has_values(2.5);
        samples[1][1_023].put(0, 3.5);
        for chunk in &chunks {
            for cell in 0..64 {
                chunk.add(cell, 1_000);
            }
        }
        file.snapshot(0, &[9; 64], &[]);
        file.assign(1, 0, counter("b", ""), &[]);
        file.void();
        let removed = file.remove(&handle(&directory));
        is_same
            && chunks[5].get(0) == 1_000
            && has_values(3.5)
            && removed.is_ok()
            && file.chunk(7).is_none()
            && file.samples().is_none()
            && !file.commit(2, std::time::SystemTime::now())
            && (file.pending(), file.committed()) == (0, 0)
    });
    assert!(is_private);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!((0..chunks.len()).all(has_contents) && has_values(2.5));
    // The parent goes on.
    chunks[0].add(0, 1);
    assert_ne!(fs::read(&path).unwrap(), before);
    assert!(file.commit(1, std::time::SystemTime::now()));
}

#[test]
fn a_limit_of_file_sizes_is_not_run_into() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    // The limit is for all tests of the process, so it is set in a child.
    let is_noticed = in_child(|| {
        let limit = Rlimit {
            current: Some(100_000),
            maximum: Some(100_000),
        };
        if setrlimit(Resource::Fsize, limit).is_err() {
            return false;
        }
        while file.chunk(0).is_some() {}
        matches!(
            file.full(),
            Some(Full::Io(std::io::ErrorKind::FileTooLarge))
        ) && file.bytes() == 64 * 1024
    });
    assert!(is_noticed);
}
