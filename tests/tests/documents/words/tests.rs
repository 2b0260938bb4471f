//! The check finds the phrases it is for, and no others.

use super::patterns::{Pattern, hits};
use super::prose::tokens;
use super::source::{Kind, Language, texts};

use Pattern::{
    BannedWord, BarePronoun, FrontedOf, Idiom, IsNo, SpeakingMachine, TrailingToo, WhatClause,
};

/// A phrase, its plain form, and the pattern that finds the phrase.
const PHRASES: &[(&str, &str, Pattern)] = &[
    (
        "what is beyond is counted together",
        "further combinations are merged into one overflow series",
        WhatClause,
    ),
    (
        "calls by outcome, their duration, those going on",
        "calls by outcome, call duration, and calls in flight",
        BannedWord,
    ),
    (
        "Asked once a collection.",
        "Polled once per collection.",
        SpeakingMachine,
    ),
    (
        "told by the type of what is returned",
        "derived from the return type",
        SpeakingMachine,
    ),
    (
        "records only calls that end so",
        "records only calls with this outcome",
        BannedWord,
    ),
    (
        "SIGTERM and SIGINT deliver first, then act as before",
        "On SIGTERM or SIGINT, pending metrics are delivered before the signal takes effect.",
        Idiom,
    ),
    (
        "keeps what waits on disk, too; of a mount that all may write to, name a directory inside",
        "Also stores pending requests on disk. On a world-writable mount, use a subdirectory.",
        TrailingToo,
    ),
    (
        "Only a `spool_dir` that cannot be used stops nothing",
        "An unusable `spool_dir` is not an error: it is logged as a warning and reported in `health()`.",
        Idiom,
    ),
    (
        "two annotations of one name on one way",
        "two annotations with the same name on one call path",
        Idiom,
    ),
    (
        "Names are one whatever their case.",
        "Names are case-insensitive.",
        Idiom,
    ),
    (
        "what this host says anew of endpoint and token is not used: {reason}",
        "Ignoring the updated endpoint file: {reason}",
        WhatClause,
    ),
    (
        "it, or what is before it, cannot take lines now",
        "The endpoint, or a proxy in front of it, is temporarily unavailable. Try again later.",
        WhatClause,
    ),
    (
        "12 lines dropped: ambiguous",
        "12 data points dropped: the request was sent but never answered (`ambiguous`)",
        Idiom,
    ),
    (
        "they are tried again apart, and the others do not wait for them",
        "{n} requests keep failing while others succeed; they are retried separately.",
        BarePronoun,
    ),
    (
        "The same, but another one, if there is one: of those that were sent least.",
        "Picks the request with the fewest attempts, other than `current`.",
        BarePronoun,
    ),
    (
        "That of the others is waited for.",
        "The sender waits for the answers of the other requests.",
        BarePronoun,
    ),
    (
        "Of a distribution they carry min, max, sum and count.",
        "Lines carry min, max, sum and count of a histogram, but no percentiles.",
        FrontedOf,
    ),
    (
        "The oldest go first if the buffer is full.",
        "If the buffer is full, dt-metrics drops the oldest requests first.",
        Idiom,
    ),
    (
        "An alias is no type of its own.",
        "An alias is not a type of its own. There is no other type.",
        IsNo,
    ),
    (
        "It looks like an option and is none.",
        "It looks like an option, but is not an option. It is no longer one.",
        IsNo,
    ),
    (
        "Parameters are known for such by one capital letter.",
        "Such a parameter has a name of one capital letter, such as `T`.",
        BarePronoun,
    ),
    (
        "Deliver by OTLP, or by lines.",
        "Deliver over OTLP, or as metric lines. Data points are separated by line breaks.",
        Idiom,
    ),
    (
        "The function knows its return type.",
        "If you know the return type, write it. The return type is known when you compile.",
        SpeakingMachine,
    ),
    (
        "The compiler wants to know it.",
        "The compiler requires it. Whatever you want, it gives up after three attempts.",
        SpeakingMachine,
    ),
    (
        "It is also not sent. Others are sent.",
        "It is not sent either. Too many requests are sent.",
        TrailingToo,
    ),
    (
        "The default stands on the module.",
        "See what happens, and what to do. What does it cost? The table shows what a call costs.",
        BannedWord,
    ),
];

fn patterns(text: &str) -> Vec<Pattern> {
    let hits = hits(&tokens(text, 1)).into_iter();
    hits.map(|(pattern, _)| pattern).collect()
}

#[test]
fn phrases_are_found_and_their_plain_forms_are_not() {
    for (before, after, pattern) in PHRASES {
        let found = patterns(before);
        assert!(found.contains(pattern), "{before}: {found:?}");
        assert_eq!(patterns(after), [], "{after}");
    }
}

#[test]
fn code_tables_and_links_are_separate_from_sentences() {
    let text = "Call `what is` here.\n\n```\nwhat is code\n```\n\n| Of cells | a |\n\n# Of a heading\n\n\
        [Text](https://example.com/what-is) too\n\n- of an item, `code\n  what it is` ends.";
    let expected = [FrontedOf, FrontedOf, TrailingToo, FrontedOf];
    assert_eq!(patterns(text), expected);
}

#[test]
fn comments_and_strings_of_sources() {
    let source = "//! Header.\n/// First\n/// second.\nfn f<'a>(c: &'a char) { g('\"', \"a \\\"b\\\" \\\n    c\"); }\n\
        // One\n// two.\n\nlet raw = r#\"with \"quotes\" // no comment\"#; /* block */ let q = '\\'';\n// Last.";
    let found: Vec<_> = texts(source, Language::Rust)
        .into_iter()
        .map(|text| (text.kind, text.content, text.line))
        .collect();
    let expected = [
        (Kind::Comment, "Header.", 1),
        (Kind::Comment, "First\nsecond.", 2),
        (Kind::String, "a \"b\" c", 4),
        (Kind::Comment, "One\ntwo.", 6),
        (Kind::String, "with \"quotes\" // no comment", 9),
        (Kind::Comment, " block ", 9),
        (Kind::Comment, "Last.", 10),
    ];
    assert_eq!(
        found,
        expected.map(|(kind, text, line)| (kind, text.to_owned(), line))
    );
}
