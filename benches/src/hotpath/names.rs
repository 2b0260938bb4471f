//! The calls that are measured: their names in the tables, and their loops.

/// A name, and a function that makes so many calls.
pub(crate) type Loop = (&'static str, fn(u32));

pub(super) const FETCH_ADD: &str = "`fetch_add` on a shared `AtomicU64`";
pub(super) const TWO_INSTANTS: &str = "two clock reads, `Instant`";
pub(super) const TWO_RAW_READS: &str = "two clock reads, TSC (`quanta`, raw)";

pub(super) const LITERALS: &str = "`#[counted]`, two literal dimensions";
pub(super) const HANDLE: &str = "`instrument::Counter`, two dimensions of run time";
pub(super) const ENUMS: &str = "`#[counted]`, two enum dimensions";
pub(super) const ONE_VALUE: &str = "`#[counted]`, one runtime `&str`";
pub(super) const TWO_VALUES: &str = "`#[counted]`, two runtime `&str`";
pub(super) const OUTCOME: &str = "`#[counted(outcome)]`, returns a `Result`";
pub(super) const MEASURED: &str = "`#[measured]`, returns a `Result`";
pub(super) const IN_FLIGHT: &str = "`#[in_flight]`";
pub(super) const TIMED: &str = "`#[timed]`, without pause";
pub(super) const TIMER: &str = "`timer!`, dropped at the end of the block";
pub(super) const TIMED_BURSTS: &str = "`#[timed]`, bursts of 4,000 and 100 ms between";

pub(super) const SDK_COUNTER: &str = "OpenTelemetry SDK `counter.add`, two attributes";
pub(super) const SDK_HISTOGRAM: &str = "OpenTelemetry SDK `histogram.record`, two attributes";

pub(super) const SDK_BOUND_HISTOGRAM: &str = "OpenTelemetry SDK, bound histogram (experimental)";

pub(super) const OURS: [&str; 9] = [
    LITERALS,
    HANDLE,
    ENUMS,
    ONE_VALUE,
    TWO_VALUES,
    IN_FLIGHT,
    TIMED,
    TIMER,
    TIMED_BURSTS,
];

/// The SDK's instrument for the same purpose.
pub(super) fn counterpart(name: &str) -> &'static str {
    match name {
        TIMED | TIMER | TIMED_BURSTS | SDK_HISTOGRAM | SDK_BOUND_HISTOGRAM => SDK_HISTOGRAM,
        _ => SDK_COUNTER,
    }
}
