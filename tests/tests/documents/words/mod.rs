//! The wording of documents, comments, messages and the live page: phrases that hide their meaning
//! are counted, and fail above a limit.

mod corpus;
mod patterns;
mod prose;
mod source;
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write;

use self::corpus::Corpus;
use self::patterns::{PATTERNS, Pattern, hits};

/// Each pattern may occur once in this many words of a corpus.
const WORDS_PER_HIT: usize = 5_000;

/// The words and hits of one corpus.
#[derive(Default)]
struct Count {
    words: usize,
    hits: BTreeMap<Pattern, Vec<String>>,
}

fn count(corpus: Corpus) -> Count {
    let mut count = Count::default();
    for (file, tokens) in corpus.texts() {
        count.words += tokens.iter().filter(|token| token.is_word()).count();
        for (pattern, at) in hits(&tokens) {
            let around = &tokens[at.saturating_sub(6)..(at + 7).min(tokens.len())];
            let words: Vec<_> = around.iter().map(|token| token.text.as_str()).collect();
            let hit = format!("{file}:{}: … {} …", tokens[at].line, words.join(" "));
            count.hits.entry(pattern).or_default().push(hit);
        }
    }
    count
}

/// `cargo test -p dt-metrics-tests --test documents words -- --nocapture` prints all hits.
#[test]
fn phrases_that_hide_their_meaning_are_rare() {
    let mut excess = String::new();
    for corpus in Corpus::ALL {
        let count = count(corpus);
        assert!(count.words > 500, "{corpus:?}: {} words", count.words);
        let limit = count.words / WORDS_PER_HIT;
        println!("{corpus:?}: {} words, at most {limit} hits", count.words);
        for pattern in PATTERNS {
            let hits = count.hits.get(&pattern).map_or(&[][..], Vec::as_slice);
            println!("  {pattern:?}: {}", hits.len());
            for hit in hits {
                println!("    {pattern:?} {hit}");
            }
            if hits.len() > limit {
                let (found, advice) = (hits.len(), pattern.advice());
                let hits = hits.join("\n  ");
                writeln!(
                    excess,
                    "{corpus:?}: {found} hits of {pattern:?}, at most {limit} allowed. {advice}\n  {hits}",
                )
                .expect("a string");
            }
        }
    }
    assert!(excess.is_empty(), "\n{excess}");
}
