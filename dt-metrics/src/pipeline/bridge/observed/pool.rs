//! Who is to be asked, is being asked, and what they said.

use std::collections::{BTreeMap, VecDeque};

use crate::instrument::{Answer, Observed};

/// All that the workers and the collections share.
pub(super) struct State {
    /// By the address of the registration.
    functions: BTreeMap<usize, Function>,
    /// In the order in which they are to be asked.
    queue: VecDeque<Question>,
    /// Late functions that nobody was told about yet.
    untold: Vec<&'static Observed>,
    /// How many questions of a round have no answer yet.
    rounds: BTreeMap<u64, usize>,
    last_round: u64,
    /// How often a function has panicked.
    pub(super) panics: u64,
    /// How often each has since this was last taken, by the metric's name.
    pub(super) untold_panics: BTreeMap<&'static str, u64>,
    /// Workers that wait for tasks.
    pub(super) idle: usize,
    /// Whether a worker stays when there are none.
    pub(super) open: bool,
}

/// A function that is to be asked, and the round it is asked in.
#[derive(Clone, Copy)]
pub(super) struct Question {
    round: u64,
    pub(super) observed: &'static Observed,
}

/// What a worker does.
pub(super) enum Task {
    Ask(Question),
    /// Say that it is late.
    Tell(&'static Observed),
}

/// What is known of a function.
#[derive(Default)]
struct Function {
    /// The question that it is busy with.
    running: Option<Question>,
    /// That question's round has ended.
    late: bool,
    /// Each is said once.
    told_late: bool,
    told_panic: bool,
    /// The last one; none after a panic.
    answer: Option<Answer>,
}

fn address(observed: &'static Observed) -> usize {
    core::ptr::from_ref(observed).addr()
}

impl State {
    pub(super) const fn new() -> Self {
        Self {
            functions: BTreeMap::new(),
            queue: VecDeque::new(),
            untold: Vec::new(),
            rounds: BTreeMap::new(),
            last_round: 0,
            panics: 0,
            untold_panics: BTreeMap::new(),
            idle: 0,
            open: false,
        }
    }

    /// Begins a round: all are to be asked that have returned since they were asked last, or do
    /// so while somebody waits for them.
    pub(super) fn begin(&mut self, functions: &[&'static Observed]) -> u64 {
        self.open = true;
        self.last_round += 1;
        let round = self.last_round;
        let waiting = self.queue.len();
        for &observed in functions {
            if !self.functions.entry(address(observed)).or_default().late {
                self.queue.push_back(Question { round, observed });
            }
        }
        self.rounds.insert(round, self.queue.len() - waiting);
        round
    }

    /// Whether there is nobody left to wait for.
    pub(super) fn is_answered(&self, round: u64) -> bool {
        self.rounds.get(&round).is_none_or(|left| *left == 0)
    }

    /// Ends a round. Whoever is being asked in it is late, and not waited for in other rounds
    /// either.
    pub(super) fn end(&mut self, round: u64) {
        self.rounds.remove(&round);
        let Self {
            functions,
            queue,
            rounds,
            untold,
            ..
        } = self;
        for function in functions.values_mut() {
            if let Some(question) = function.running
                && question.round == round
            {
                function.late = true;
                if !std::mem::replace(&mut function.told_late, true) {
                    untold.push(question.observed);
                }
            }
        }
        queue.retain(|question| {
            let function = functions.get(&address(question.observed));
            let is_late = function.is_some_and(|function| function.late);
            if is_late && let Some(left) = rounds.get_mut(&question.round) {
                *left -= 1;
            }
            !is_late && question.round != round
        });
    }

    /// How many tasks could be begun now.
    pub(super) fn waiting(&self) -> usize {
        let questions = self.queue.iter();
        self.untold.len() + questions.filter(|q| self.is_free(q.observed)).count()
    }

    /// How many functions are being asked.
    pub(super) fn running(&self) -> usize {
        let functions = self.functions.values();
        functions.filter(|f| f.running.is_some()).count()
    }

    /// The next task, which is then begun.
    pub(super) fn next(&mut self) -> Option<Task> {
        if let Some(late) = self.untold.pop() {
            return Some(Task::Tell(late));
        }
        let free = self.queue.iter().position(|q| self.is_free(q.observed))?;
        let question = self.queue.remove(free)?;
        let function = self.functions.entry(address(question.observed));
        function.or_default().running = Some(question);
        Some(Task::Ask(question))
    }

    /// Takes an answer, or none if the function panicked; whether to tell about that.
    pub(super) fn answered(&mut self, question: Question, answer: Option<Answer>) -> bool {
        let panicked = answer.is_none();
        self.panics += u64::from(panicked);
        if panicked {
            let name = question.observed.descriptor().name;
            *self.untold_panics.entry(name).or_default() += 1;
        }
        if let Some(left) = self.rounds.get_mut(&question.round) {
            *left -= 1;
        }
        let function = self
            .functions
            .entry(address(question.observed))
            .or_default();
        function.running = None;
        function.late = false;
        function.answer = answer;
        panicked && !std::mem::replace(&mut function.told_panic, true)
    }

    /// What the function said last.
    pub(super) fn answer(&self, observed: &'static Observed) -> Option<Answer> {
        self.functions.get(&address(observed))?.answer.clone()
    }

    /// Forgets all questions, and lets the workers go.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.queue.clear();
        self.rounds.clear();
    }

    /// Whether nobody is asking it: a function never runs twice at a time.
    fn is_free(&self, observed: &'static Observed) -> bool {
        let function = self.functions.get(&address(observed));
        function.is_none_or(|function| function.running.is_none())
    }
}

#[cfg(test)]
impl State {
    /// How many questions wait for a function that is being asked already.
    pub(super) fn waiting_in_vain(&self) -> usize {
        self.queue.len() - self.waiting()
    }
}
