//! The accounting of deliveries, for all tests of them, those through the public interface included:
//! each data point is in one place, and no more of them arrive twice than may.

use super::Health;

/// Each data point that the exporter took is accepted, rejected, dropped for a reason, or pending.
/// Data points that earlier processes left in the spool count as taken.
#[track_caller]
pub(crate) fn assert_accounted(taken: u64, health: &Health) {
    let settled = health.points_accepted + health.points_rejected + health.points_dropped;
    assert_eq!(settled + health.points_pending, taken, "{health:?}");
    let by_reason: u64 = health.dropped.values().sum();
    assert_eq!(by_reason, health.points_dropped, "{health:?}");
    assert!(health.points_spooled <= health.points_pending, "{health:?}");
}

/// Asserts that `arrived` data points are all accepted ones, and beyond them no more than unanswered
/// requests of `per_request` data points can hold.
#[track_caller]
pub(crate) fn assert_arrived(arrived: u64, per_request: u64, health: &Health) {
    let doubtful = health.requests_unanswered * per_request;
    let possible = health.points_accepted..=health.points_accepted + doubtful;
    assert!(possible.contains(&arrived), "{arrived} arrived: {health:?}");
}
