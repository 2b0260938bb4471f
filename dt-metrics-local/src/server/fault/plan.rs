use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use tokio::sync::watch;

use super::Fault;
use crate::server::error::FaultError;

/// The faults that are yet to come.
#[derive(Debug, Default)]
pub(in crate::server) struct Faults {
    plan: Mutex<Plan>,
    releases: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Plan {
    /// For requests with this text in them, whatever else is planned.
    containing: Vec<(String, Fault)>,
    /// Used up first, each for so many requests.
    next: VecDeque<(Fault, usize)>,
    then: Then,
}

/// What comes when nothing is planned for the next request.
#[derive(Debug, Default)]
enum Then {
    #[default]
    Honest,
    Always(Fault),
    Random(Random),
}

#[derive(Debug)]
struct Random {
    dice: Rng,
    weighted: Vec<(u32, Fault)>,
    total: u64,
    /// What the dice said for the request that comes next.
    drawn: Option<Fault>,
}

/// What to do with the request at hand.
#[derive(Debug)]
pub(in crate::server) enum Taken {
    Fault(Fault),
    /// [`Fault::Hold`], until this changes.
    Hold(watch::Receiver<()>),
}

impl Faults {
    pub(in crate::server) fn next(&self, requests: usize, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        if requests > 0 {
            self.plan().next.push_back((fault, requests));
        }
        Ok(())
    }

    pub(in crate::server) fn always(&self, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        self.plan().then = Then::Always(fault);
        Ok(())
    }

    pub(in crate::server) fn at_random(
        &self,
        seed: u64,
        weighted: &[(u32, Fault)],
    ) -> Result<(), FaultError> {
        weighted.iter().try_for_each(|(_, fault)| fault.check())?;
        let total = weighted.iter().map(|(weight, _)| u64::from(*weight)).sum();
        if total == 0 {
            return Err(FaultError::Weights);
        }
        self.plan().then = Then::Random(Random {
            dice: Rng::with_seed(seed),
            weighted: weighted.to_vec(),
            total,
            drawn: None,
        });
        Ok(())
    }

    pub(in crate::server) fn containing(
        &self,
        text: String,
        fault: Fault,
    ) -> Result<(), FaultError> {
        fault.check()?;
        self.plan().containing.push((text, fault));
        Ok(())
    }

    /// Forgets all faults, and lets go of all held requests.
    pub(in crate::server) fn recover(&self) {
        let mut plan = self.plan();
        *plan = Plan::default();
        self.releases.send_replace(());
    }

    /// Lets go of all held requests, and plans no more to be held.
    pub(in crate::server) fn release(&self) {
        let mut plan = self.plan();
        plan.next.retain(|(fault, _)| *fault != Fault::Hold);
        plan.containing.retain(|(_, fault)| *fault != Fault::Hold);
        if matches!(plan.then, Then::Always(Fault::Hold)) {
            plan.then = Then::Honest;
        }
        self.releases.send_replace(());
    }

    /// The fault for the request at hand. If it began with one already, that is left alone.
    pub(in crate::server) fn take(&self, body: &[u8], begun_with: Option<Fault>) -> Taken {
        let mut plan = self.plan();
        let fault = begun_with
            .or_else(|| plan.for_body(body))
            .unwrap_or_else(|| plan.take());
        self.taken(fault)
    }

    /// The fault for the request that begins, if it shows before the request is read.
    pub(in crate::server) fn take_before_reading(&self) -> Option<Fault> {
        let mut plan = self.plan();
        plan.peek()
            .is_some_and(Fault::is_before_reading)
            .then(|| plan.take())
    }

    /// Called under the lock of the plan, so that no release falls between.
    fn taken(&self, fault: Fault) -> Taken {
        match fault {
            Fault::Hold => Taken::Hold(self.releases.subscribe()),
            fault => Taken::Fault(fault),
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn for_body(&self, body: &[u8]) -> Option<Fault> {
        // Most of the time there is nothing to look for.
        if self.containing.is_empty() {
            return None;
        }
        let body = String::from_utf8_lossy(body);
        let mut faults = self.containing.iter();
        faults
            .find(|(text, _)| body.contains(text))
            .map(|(_, fault)| fault.clone())
    }

    fn peek(&mut self) -> Option<&Fault> {
        if let Some((fault, _)) = self.next.front() {
            return Some(fault);
        }
        match &mut self.then {
            Then::Honest => None,
            Then::Always(fault) => Some(fault),
            Then::Random(random) => Some(
                random
                    .drawn
                    .get_or_insert_with(|| draw(&mut random.dice, &random.weighted, random.total)),
            ),
        }
    }

    fn take(&mut self) -> Fault {
        let fault = self.peek().cloned().unwrap_or(Fault::None);
        if let Some((_, requests)) = self.next.front_mut() {
            *requests -= 1;
            if *requests == 0 {
                self.next.pop_front();
            }
        } else if let Then::Random(random) = &mut self.then {
            random.drawn = None;
        }
        fault
    }
}

fn draw(dice: &mut Rng, weighted: &[(u32, Fault)], total: u64) -> Fault {
    let mut left = dice.u64(..total);
    for (weight, fault) in weighted {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return fault.clone(),
        }
    }
    Fault::None
}
