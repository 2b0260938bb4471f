use crate::dynatrace::retry::bisection::{Decision, Evidence, Probe, decide};

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
