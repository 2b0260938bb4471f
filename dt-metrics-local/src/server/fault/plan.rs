//! The plan of faults: which fault the next request meets.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::watch;

use super::kind::Fault;
use crate::server::error::FaultError;

/// The planned faults of an endpoint.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    plan: Mutex<Plan>,
    releases: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Plan {
    /// A fault for all requests until a time; it takes precedence over all others.
    outage: Option<(Fault, Instant)>,
    /// Faults for requests that contain a text; they take precedence over the following ones.
    containing: Vec<(String, Fault)>,
    /// Faults for the next requests, each with the number of requests left.
    next: VecDeque<(Fault, usize)>,
    then: Then,
}

/// The faults of requests for which `next` has none.
#[derive(Debug, Default)]
enum Then {
    #[default]
    Normal,
    Always(Fault),
    Random(Random),
}

/// Faults drawn by their weights.
#[derive(Debug)]
struct Random {
    rng: Rng,
    weighted: Vec<(u32, Fault)>,
    total: u64,
    /// The fault already drawn for the next request.
    drawn: Option<Fault>,
}

/// The fault chosen for a request.
#[derive(Debug)]
pub(crate) enum Taken {
    Fault(Fault),
    /// [`Fault::Hold`], until the channel changes.
    Hold(watch::Receiver<()>),
}

impl Faults {
    /// Plans a fault for a number of requests, following the ones planned before.
    pub(crate) fn next(&self, requests: usize, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        if requests > 0 {
            self.plan().next.push_back((fault, requests));
        }
        Ok(())
    }

    /// Plans a fault for all requests for which `next` has none.
    pub(crate) fn always(&self, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        self.plan().then = Then::Always(fault);
        Ok(())
    }

    /// Plans a fault for all requests in the next `time`, and replaces the one planned before.
    pub(crate) fn for_time(&self, time: Duration, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        let end = Instant::now().checked_add(time);
        self.plan().outage = end.map(|end| (fault, end));
        Ok(())
    }

    /// The fault that [`for_time`](Self::for_time) planned, and how much longer it takes.
    pub(crate) fn outage(&self) -> Option<(Fault, Duration)> {
        let mut plan = self.plan();
        let (fault, end) = plan.current_outage()?;
        Some((fault.clone(), end.saturating_duration_since(Instant::now())))
    }

    /// Ends the fault that [`for_time`](Self::for_time) planned; others stay planned.
    pub(crate) fn end_outage(&self) {
        self.plan().outage = None;
    }

    /// Plans random faults for all requests for which `next` has none.
    pub(crate) fn at_random(&self, seed: u64, weighted: &[(u32, Fault)]) -> Result<(), FaultError> {
        weighted.iter().try_for_each(|(_, fault)| fault.check())?;
        let total = weighted.iter().map(|(weight, _)| u64::from(*weight)).sum();
        if total == 0 {
            return Err(FaultError::Weights);
        }
        self.plan().then = Then::Random(Random {
            rng: Rng::with_seed(seed),
            weighted: weighted.to_vec(),
            total,
            drawn: None,
        });
        Ok(())
    }

    /// Plans a fault for all requests whose body contains a text.
    pub(crate) fn containing(&self, text: String, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        self.plan().containing.push((text, fault));
        Ok(())
    }

    /// Removes all faults and releases all held requests.
    pub(crate) fn recover(&self) {
        let mut plan = self.plan();
        *plan = Plan::default();
        self.releases.send_replace(());
    }

    /// Releases all held requests and removes all planned [`Fault::Hold`].
    pub(crate) fn release(&self) {
        let mut plan = self.plan();
        plan.next.retain(|(fault, _)| *fault != Fault::Hold);
        plan.containing.retain(|(_, fault)| *fault != Fault::Hold);
        if matches!(plan.then, Then::Always(Fault::Hold)) {
            plan.then = Then::Normal;
        }
        self.releases.send_replace(());
    }

    /// Chooses the fault of a request that was read. A fault chosen before reading stays.
    pub(crate) fn take(&self, body: &[u8], begun_with: Option<Fault>) -> Taken {
        let mut plan = self.plan();
        let fault = begun_with
            .or_else(|| plan.current_outage().map(|(fault, _)| fault.clone()))
            .or_else(|| plan.for_body(body))
            .unwrap_or_else(|| plan.take());
        self.taken(fault)
    }

    /// Chooses the fault of a request that begins, if the fault takes effect before reading.
    pub(crate) fn take_before_reading(&self) -> Option<Fault> {
        let mut plan = self.plan();
        if let Some((fault, _)) = plan.current_outage() {
            return fault.is_before_reading().then(|| fault.clone());
        }
        plan.peek()
            .is_some_and(Fault::is_before_reading)
            .then(|| plan.take())
    }

    /// Subscribes to releases. Called while the plan is locked, so that no release is missed.
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
    /// The fault for all requests at the moment, and its end.
    fn current_outage(&mut self) -> Option<&(Fault, Instant)> {
        if self
            .outage
            .as_ref()
            .is_some_and(|(_, end)| *end <= Instant::now())
        {
            self.outage = None;
        }
        self.outage.as_ref()
    }

    fn for_body(&self, body: &[u8]) -> Option<Fault> {
        // The common case: the body need not be decoded.
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
            Then::Normal => None,
            Then::Always(fault) => Some(fault),
            Then::Random(random) => Some(
                random
                    .drawn
                    .get_or_insert_with(|| draw(&mut random.rng, &random.weighted, random.total)),
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

/// Draws a fault by the weights, whose sum is `total`.
fn draw(rng: &mut Rng, weighted: &[(u32, Fault)], total: u64) -> Fault {
    let mut left = rng.u64(..total);
    for (weight, fault) in weighted {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return fault.clone(),
        }
    }
    Fault::None
}
