//! Whether a request fails by itself or the endpoint fails, found out by evidence: another request
//! that is accepted proves that the endpoint works. A request that is proven guilty is halved, down
//! to the line; a line that is proven guilty becomes a dead letter, so that it holds up nothing.
//!
//! The course of an investigation:
//!
//! 0. Several requests are in flight, and one fails: that is no evidence, since their answers come in
//!    any order. It is sent again by itself (`InCompany`).
//! 1. A request fails: a pause (`FirstFailure`), unless somebody has to act (`Pace::Slow`).
//! 2. It fails again: it is halved (`Inconclusive`). A single line cannot be halved: step 3 follows
//!    with another request in place of the other half, as soon as the line has failed for ten seconds.
//! 3. A half fails: it becomes the suspect, and the other half is tried in its place
//!    (`OtherPending`).
//! 4. The other half is accepted: the suspect is sent again. If it fails again it is guilty
//!    (`EndpointWorks`): it is halved, or becomes a dead letter if it is a single line. If the
//!    other half fails as well, it is the endpoint (`EndpointFails`): a pause follows, and the
//!    suspect is halved, so that each retry is smaller.
//!
//! `State::evidence` collects the evidence, [`decide`] draws the conclusion, `delivery::settle`
//! carries it out, and `State::begin` picks the request to try. A suspect is one for a single
//! attempt: `settle` takes it back.

/// The request that is tried in place of a suspect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Probe {
    /// Another part of the same request. They have no series in common, so the order of each series
    /// is kept.
    Part,
    /// Another request. If it is accepted, its series are ahead of the series of the suspect.
    Unrelated,
}

/// The evidence when a request failed in a way that may be its own fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Evidence {
    /// Another request was accepted since this one failed.
    EndpointWorks,
    /// Another request failed just before this one, which was tried in its place.
    EndpointFails,
    /// Nothing yet: it failed for the first time.
    FirstFailure,
    /// Nothing yet, but another request is pending that can be tried in its place.
    OtherPending(Probe),
    /// Nothing yet, and no other request can be tried before this one is halved.
    Inconclusive,
    /// Nothing: other requests were in flight at the same time, so their answers and this failure
    /// prove nothing about each other.
    InCompany,
    /// It is a dead letter, known to fail by itself.
    DeadLetter,
}

/// What to do with the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// Keep it, and pause.
    Pause,
    /// Keep it, and send it again by itself: at once if the failure does not pass by waiting.
    SendAlone,
    /// Keep it, and try another request at once.
    TryOther(Probe),
    /// Halve it, and send the first half at once.
    Halve,
    /// Keep both requests, halve the one that failed first, and pause: each retry is smaller, until
    /// a request passes.
    HalveSuspectAndPause,
    /// The endpoint does not take it, and it is not divided any further: make it a dead letter, and
    /// continue with the other requests at once.
    Bury,
    /// Keep it in the dead-letter list, and continue with the other requests at once.
    KeepBuried,
    /// It is a line that is too large by itself: drop it, and continue with the other requests at
    /// once.
    Drop,
}

/// Decides about a request. One that is not worth dividing is treated as a single line.
pub(crate) fn decide(evidence: Evidence, is_worth_dividing: bool) -> Decision {
    match (evidence, is_worth_dividing) {
        (Evidence::DeadLetter, _) => Decision::KeepBuried,
        (Evidence::EndpointWorks, false) => Decision::Bury,
        // The halves of a request are each other's evidence.
        (Evidence::EndpointWorks | Evidence::Inconclusive, true) => Decision::Halve,
        (Evidence::EndpointFails, _) => Decision::HalveSuspectAndPause,
        (Evidence::OtherPending(probe), _) => Decision::TryOther(probe),
        (Evidence::InCompany, _) => Decision::SendAlone,
        (Evidence::FirstFailure, _) | (Evidence::Inconclusive, false) => Decision::Pause,
    }
}

/// Decides about a request that is too large for the endpoint. Its halves are smaller, so they are
/// tried at once, except where nothing at all is small enough: then it is the endpoint.
pub(crate) fn decide_too_large(evidence: Evidence, is_divisible: bool) -> Decision {
    match (evidence, is_divisible) {
        (Evidence::EndpointWorks | Evidence::DeadLetter, false) => Decision::Drop,
        (Evidence::EndpointFails, _) => Decision::HalveSuspectAndPause,
        (_, true) => Decision::Halve,
        (Evidence::InCompany, false) => Decision::SendAlone,
        (Evidence::OtherPending(probe), false) => Decision::TryOther(probe),
        (Evidence::FirstFailure | Evidence::Inconclusive, false) => Decision::Pause,
    }
}

#[cfg(test)]
mod tests;
