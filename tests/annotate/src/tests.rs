//! The command line.

use clap::Parser;

use crate::{Command, Options};

/// The options of `write` with these arguments.
fn options(arguments: &[&str]) -> Options {
    let command = ["annotate", "write", "folder"].iter().chain(arguments);
    match Command::try_parse_from(command).unwrap() {
        Command::Write { options, .. } => options,
        _ => unreachable!(),
    }
}

#[test]
fn annotations_with_commas_can_be_stacked() {
    let counted = r#"counted(outcome, dims(kind = "x"))"#;
    assert_eq!(
        options(&["--with", counted, "--with", "timed"]).with,
        [counted, "timed"]
    );
    assert_eq!(options(&[]).with, ["measured"]);
}

#[test]
fn blocks_have_an_annotation_of_their_own() {
    assert_eq!(options(&["--with", "timed"]).impls, None);
    let measured = options(&["--impls", "--with", "timed"]);
    assert_eq!(measured.impls.as_deref(), Some("measured"));
    assert_eq!(measured.with, ["timed"]);
    let given = options(&["--impls=measured(in_flight = false, duration = false)"]);
    assert_eq!(
        given.impls.as_deref(),
        Some("measured(in_flight = false, duration = false)")
    );
}
