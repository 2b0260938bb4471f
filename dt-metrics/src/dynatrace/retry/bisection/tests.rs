use crate::dynatrace::retry::bisection::{Decision, Evidence, Probe, decide, decide_too_large};

#[test]
fn every_situation_has_its_decision() {
    let cases = [
        // Evidence, a request with halves, a single line.
        (Evidence::EndpointWorks, Decision::Halve, Decision::Bury),
        (
            Evidence::EndpointFails,
            Decision::HalveSuspectAndPause,
            Decision::HalveSuspectAndPause,
        ),
        (Evidence::FirstFailure, Decision::Pause, Decision::Pause),
        (
            Evidence::OtherPending(Probe::Part),
            Decision::TryOther(Probe::Part),
            Decision::TryOther(Probe::Part),
        ),
        (Evidence::Inconclusive, Decision::Halve, Decision::Pause),
        (
            Evidence::InCompany,
            Decision::SendAlone,
            Decision::SendAlone,
        ),
        (
            Evidence::DeadLetter,
            Decision::KeepBuried,
            Decision::KeepBuried,
        ),
    ];
    for (evidence, divisible, single) in cases {
        assert_eq!(decide(evidence, true), divisible, "{evidence:?}");
        assert_eq!(decide(evidence, false), single, "{evidence:?}");
    }
}

#[test]
fn a_request_that_is_too_large_is_halved_unless_nothing_passes() {
    let cases = [
        // Evidence, a request with halves, a single line.
        (Evidence::EndpointWorks, Decision::Halve, Decision::Drop),
        (
            Evidence::EndpointFails,
            Decision::HalveSuspectAndPause,
            Decision::HalveSuspectAndPause,
        ),
        (Evidence::FirstFailure, Decision::Halve, Decision::Pause),
        (
            Evidence::OtherPending(Probe::Unrelated),
            Decision::Halve,
            Decision::TryOther(Probe::Unrelated),
        ),
        (Evidence::Inconclusive, Decision::Halve, Decision::Pause),
        (Evidence::InCompany, Decision::Halve, Decision::SendAlone),
        (Evidence::DeadLetter, Decision::Halve, Decision::Drop),
    ];
    for (evidence, divisible, single) in cases {
        assert_eq!(decide_too_large(evidence, true), divisible, "{evidence:?}");
        assert_eq!(decide_too_large(evidence, false), single, "{evidence:?}");
    }
}
