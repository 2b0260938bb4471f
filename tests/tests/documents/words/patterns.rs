//! The phrases that hide their meaning.

use super::prose::Token;

/// A kind of phrase.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Pattern {
    WhatClause,
    FrontedOf,
    IsNo,
    BarePronoun,
    SpeakingMachine,
    BannedWord,
    Idiom,
    TrailingToo,
}

pub const PATTERNS: [Pattern; 8] = [
    Pattern::WhatClause,
    Pattern::FrontedOf,
    Pattern::IsNo,
    Pattern::BarePronoun,
    Pattern::SpeakingMachine,
    Pattern::BannedWord,
    Pattern::Idiom,
    Pattern::TrailingToo,
];

impl Pattern {
    pub fn advice(self) -> &'static str {
        match self {
            Self::WhatClause => "Name the thing: not \"what waits\", but \"pending requests\".",
            Self::FrontedOf => {
                "Begin with the subject: not \"Of a line, the key is …\", but \"The key of a line is …\"."
            }
            Self::IsNo => "Write \"is not a\" for \"is no\".",
            Self::BarePronoun => "Repeat the noun: \"the other requests\" for \"the others\".",
            Self::SpeakingMachine => {
                "Programs report, require, return and accept; they do not say, tell, ask, know, want or give."
            }
            Self::BannedWord => {
                "Use a plain word: \"again\", \"next to\", \"after\", \"must\", \"in flight\", \"almost\"."
            }
            Self::Idiom => {
                "Write \"with the same name\", \"over OTLP\", \"as metric lines\", \"regardless of\"."
            }
            Self::TrailingToo => {
                "Put \"also\" before the verb, and \"not … either\" for \"also not\"."
            }
        }
    }
}

/// Sequences of words. `$` stands for the end of a clause.
const BANNED: &[&str] = &[
    "anew",
    "beside",
    "shall",
    "going on",
    "stand on",
    "stands on",
    "standing on",
    "as good as",
    "thousand million",
    "to know $",
    "do so",
    "does so",
    "did so",
    "done so",
    "doing so",
    "end so",
    "ends so",
    "ended so",
    "stands behind",
    "stand behind",
    "comes behind",
    "leave of",
    "has leave",
    "by leave",
];

const IDIOMS: &[&str] = &[
    "of one name",
    "on one way",
    "by otlp",
    "by lines",
    "by metric lines",
    "whatever their",
    "whatever its",
    "whatever it",
    "whatever the",
    "whatever they",
    "are one $",
    "are one whatever",
    "go first",
    "goes first",
    "go out first",
    "goes out first",
    "deliver first",
    "delivers first",
    "act as before",
    "acts as before",
    "stop nothing",
    "stops nothing",
    "once a collection",
    "lines dropped",
];

/// Verbs that have an indirect question as their object.
const SHOWING: &[&str] = &[
    "show",
    "shows",
    "shown",
    "see",
    "sees",
    "explain",
    "explains",
    "describe",
    "describes",
    "decide",
    "decides",
    "matter",
];

/// A pronoun in front of them has no noun.
const FUNCTION_WORDS: &[&str] = &[
    "is", "are", "was", "were", "has", "have", "had", "do", "does", "did", "must", "may", "can",
    "cannot", "will", "would", "that", "which", "who", "whose", "of", "in", "at", "on", "by", "to",
    "from", "for", "with", "without", "and", "or", "when", "where", "if", "as", "but", "not",
    "goes", "holds", "happens", "counts", "stays", "stay", "wait", "waits",
];

const PRONOUNS: &[&str] = &["them", "these", "those", "it", "that", "such"];

const BE: &[&str] = &["is", "are", "was", "were", "be", "been", "being"];

/// They may say, tell, ask, know, want and give.
const PEOPLE: &[&str] = &[
    "you",
    "i",
    "we",
    "user",
    "users",
    "reader",
    "readers",
    "engineer",
    "engineers",
    "people",
    "developers",
    "customers",
];

const SPEAKING: &[&str] = &[
    "say", "says", "said", "saying", "tell", "tells", "told", "telling", "ask", "asks", "asked",
    "asking", "know", "knows", "knew", "knowing", "want", "wants", "wanted", "wanting", "give",
    "gives", "gave", "giving",
];

/// The patterns of a text, and the index of each.
pub fn hits(tokens: &[Token]) -> Vec<(Pattern, usize)> {
    let mut hits = Vec::new();
    for at in 0..tokens.len() {
        let place = Place { tokens, at };
        let found = PATTERNS.into_iter().filter(|pattern| place.has(*pattern));
        hits.extend(found.map(|pattern| (pattern, at)));
    }
    hits
}

struct Place<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Place<'_> {
    /// The token so many places further, or nothing outside the text.
    fn word(&self, offset: isize) -> &str {
        let token = self.at.checked_add_signed(offset);
        token
            .and_then(|at| self.tokens.get(at))
            .map_or("", |token| &token.text)
    }

    fn is_any(&self, offset: isize, words: &[&str]) -> bool {
        words.contains(&self.word(offset))
    }

    /// Whether the clause ends in front of the token.
    fn is_end(&self, offset: isize) -> bool {
        let at = self.at.saturating_add_signed(offset);
        let token = self.tokens.get(at);
        token.is_none_or(|token| {
            token.is_end() || self.is_any(offset, &[",", ";", ":", ")", "(", "–"])
        })
    }

    fn is_sequence(&self, sequence: &str) -> bool {
        let mut words = (0..).zip(sequence.split(' '));
        words.all(|(offset, word)| match word {
            "$" => self.is_end(offset),
            word => self.word(offset) == word,
        })
    }

    fn is_question(&self) -> bool {
        let end = self.tokens[self.at..].iter().find(|token| token.is_end());
        end.is_some_and(|token| token.text == "?")
    }

    fn has(&self, pattern: Pattern) -> bool {
        let is_sentence_start =
            self.at == 0 || self.tokens[self.at - 1].is_end() || self.is_any(-1, &[";", ":"]);
        match pattern {
            Pattern::WhatClause => {
                let is_natural =
                    self.is_any(1, &["to", "happened", "happens"]) || self.is_any(-1, SHOWING);
                self.word(0) == "what" && !is_natural && !self.is_question()
            }
            Pattern::FrontedOf => {
                self.word(0) == "of" && is_sentence_start && self.word(1) != "course"
            }
            Pattern::IsNo => {
                let is_there = self.is_any(-1, &["there"]);
                let is_adverb = self.is_any(
                    2,
                    &[
                        "longer", "more", "less", "fewer", "later", "earlier", "worse", "better",
                    ],
                );
                self.is_any(0, BE)
                    && !is_there
                    && (self.word(1) == "no" && !is_adverb
                        || self.word(1) == "none" && self.is_end(2))
            }
            Pattern::BarePronoun => self.is_bare_pronoun(),
            Pattern::SpeakingMachine => {
                let is_phrase = self.word(1) == "up"
                    || self.word(-1) == "," && self.word(1) == ","
                    // An imperative addresses the reader.
                    || self.word(0) == "give" && self.is_end(-1)
                    || self.is_any(-1, &["to"]) && self.is_any(-2, BE) && self.word(0) == "say";
                self.is_any(0, SPEAKING)
                    && !is_phrase
                    && !(-4..0).any(|offset| self.is_any(offset, PEOPLE))
            }
            Pattern::BannedWord => BANNED.iter().any(|sequence| self.is_sequence(sequence)),
            Pattern::Idiom => IDIOMS.iter().any(|sequence| self.is_sequence(sequence)),
            Pattern::TrailingToo => {
                self.word(0) == "too" && self.is_end(1) || self.is_sequence("also not")
            }
        }
    }

    fn is_bare_pronoun(&self) -> bool {
        let is_bare = |offset| self.is_end(offset) || self.is_any(offset, FUNCTION_WORDS);
        match self.word(0) {
            "those" => is_bare(1),
            "such" => {
                is_bare(1) && !self.is_any(1, &["as", "that"]) && !self.is_any(-1, &["as", "no"])
            }
            "that" => {
                let is_start = self.at == 0 || self.tokens[self.at - 1].is_end();
                is_start && self.word(1) == "of"
            }
            "the" => match self.word(1) {
                "others" => true,
                "same" => {
                    let is_predicate = self.is_any(-1, BE)
                        || self.is_any(
                            -1,
                            &[
                                "stay", "stays", "remain", "remains", "exactly", "not", "always",
                                "all", "do", "does",
                            ],
                        );
                    is_bare(2) && self.word(2) != "as" && !is_predicate
                }
                "other" => is_bare(2) && self.word(-1) != "after",
                "first" | "second" | "third" | "former" | "latter" => {
                    let is_list = self.word(2) == "of" && !self.is_any(3, PRONOUNS);
                    let is_unit = self.word(-1) == "to" && self.word(1) == "second";
                    is_bare(2) && !is_list && !is_unit
                }
                _ => false,
            },
            "so" => {
                self.tokens.get(self.at + 1).is_some_and(Token::is_end)
                    && !self.is_any(-1, &["if", "or", "and", "even", "not", "more"])
            }
            _ => false,
        }
    }
}
