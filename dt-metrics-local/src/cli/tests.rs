//! Tests of arguments and printed texts.

use std::time::Duration;

use clap::{CommandFactory, Parser};
use dt_metrics_local::{Answer, Fault};

use super::args::Args;
use super::format;
use super::schedule::{self, Action};

#[test]
fn arguments() {
    Args::command().debug_assert();
    let args = Args::parse_from(["dt-metrics-local"]);
    assert_eq!(
        (args.listen.as_str(), args.token),
        ("127.0.0.1:14499", None)
    );
    let args = Args::parse_from(["dt-metrics-local", "--listen", "[::1]:1", "--token", "t"]);
    assert_eq!(
        (args.listen.as_str(), args.token.as_deref()),
        ("[::1]:1", Some("t"))
    );
    assert!(Args::try_parse_from(["dt-metrics-local", "--token", ""]).is_err());
}

#[test]
fn arguments_for_faults() {
    let parse = |arguments: &[&str]| {
        Args::try_parse_from([&["dt-metrics-local"], arguments].concat())
            .map_err(|error| error.to_string())
    };
    let args = parse(&[
        "--fault",
        "503:10",
        "--fault",
        "reset:5",
        "--fault",
        "redirect=http://other.example:80/",
        "--seed",
        "7",
        "--recover-after",
        "2.5",
        "--outage",
        "1:30",
        "--token",
        "a",
        "--next-token",
        "b",
        "--next-token-after",
        "2",
    ])
    .expect("all of them are valid");
    let url = "http://other.example:80/";
    assert_eq!(
        args.faults,
        [
            (10, 503.into()),
            (5, Fault::ResetBeforeReading),
            (1, Answer::redirect(url).into())
        ]
    );
    let seconds = Duration::from_secs;
    assert_eq!(
        schedule::actions(&args),
        [
            (seconds(1), Action::StopListening),
            (seconds(2), Action::ReplaceToken("b".into())),
            (Duration::from_millis(2_500), Action::Recover),
            (seconds(31), Action::ListenAgain),
        ]
    );
    assert_eq!(
        format::faults(&args.faults, 7),
        "Faults on demand: 503:10, reset-before-reading:5, 307:1; --seed 7\n"
    );
    for (arguments, reason) in [
        (&["--fault", "503:0"][..], "a weight is at least 1"),
        (&["--fault", "sometimes"], "names no fault"),
        (&["--seed", "7"], "--fault"),
        (&["--outage", "10"], "two numbers of seconds"),
        (&["--outage", "10:x"], "expected a number of seconds"),
        (&["--next-token", "b", "--token", "a"], "--next-token-after"),
    ] {
        let error = parse(arguments).err().expect("not valid");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn cut_texts() {
    assert_eq!(format::cut("four", 4), "four");
    assert_eq!(format::cut("fünfe", 4), "fün…");
    assert_eq!(format::cut("a\nb", 4), r"a\nb");
}

#[test]
fn a_terminal_gets_visible_characters_only() {
    for hidden in [
        '\u{0}',
        '\t',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200f}',
        '\u{2028}',
        '\u{202e}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{fff9}',
        '\u{e0041}',
        '\u{e000}',
        '\u{a0}',
    ] {
        let shown = format::Printable(&format!("a{hidden}b")).to_string();
        assert!(!shown.contains(hidden), "{hidden:?}");
        let code = format!("{:x}", u32::from(hidden));
        let escape = hidden.escape_default().to_string();
        assert!(escape.len() == 2 || escape.contains(&code), "{escape}");
        assert_eq!(shown, format!("a{escape}b"));
    }
    for text in [r#"m,a=b\ c,d="e'" 1"#, "日本 ünï 🤣", "e\u{301}", "नमस्ते"] {
        assert_eq!(format::Printable(text).to_string(), text);
    }
}

#[cfg(feature = "dashboard")]
#[test]
fn json_gets_visible_characters_only() {
    let texts = ["a\u{202e}b", "\u{e0041}", "日本 🤣\n", "\u{7f}\u{1b}"];
    let json = format::json(&serde_json::to_string_pretty(&texts).expect("texts"));
    assert!(
        json.contains(r"a\u202eb") && json.contains("日本 🤣"),
        "{json}"
    );
    assert!(
        json.chars()
            .all(|c| c == '\n'
                || format::Printable(&c.to_string()).to_string().len() == c.len_utf8())
    );
    let read: Vec<String> = serde_json::from_str(&json).expect("JSON");
    assert_eq!(read, texts);
}

/// The commands in documents of the repository are accepted.
#[test]
fn commands_of_documents() {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let mut commands = 0;
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/DASHBOARD.md",
        "docs/guide/collector.md",
        "docs/guide/configuration.md",
        "docs/guide/dynatrace.md",
        "docs/guide/oneagent.md",
        "docs/guide/testing.md",
        "docs/guide/troubleshooting.md",
    ] {
        // Not there in a package.
        let Ok(text) = std::fs::read_to_string(format!("{top}{document}")) else {
            continue;
        };
        let lines = text.lines().filter_map(|line| {
            let (_, arguments) = line.split_once("cargo run -p dt-metrics-local")?;
            // A comment and the place of the output are the shell's.
            Some(arguments.split(['#', '>']).next().unwrap_or_default())
        });
        for line in lines {
            let words = line.split_whitespace().filter(|word| *word != "--");
            let parsed = Args::try_parse_from(["dt-metrics-local"].into_iter().chain(words));
            assert!(parsed.is_ok(), "{document}: {line}: {:?}", parsed.err());
            commands += 1;
        }
    }
    assert!(commands == 0 || commands >= 4, "{commands}");
}
