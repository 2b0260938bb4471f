//! What to do when nobody knows whether lines were accepted.

/// What becomes of a request that was sent but not answered: after a timeout, or when the
/// connection broke before the answer. Its lines may have been counted, or not.
///
/// A failure before anything was sent (no connection, no name, no TLS) is never ambiguous, and
/// neither is an answer: what a server answers with 429, 500, 502, 503 or 504 is taken as not
/// accepted. [`Health::requests_unanswered`](super::Health::requests_unanswered) counts the cases.
///
/// ```
/// use dt_metrics::dynatrace::{DeliveryGuarantee, Exporter};
///
/// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
/// let exporter = Exporter::builder()
///     .delivery_guarantee(DeliveryGuarantee::AtMostOnce)
///     .build()?;
/// # drop(exporter);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DeliveryGuarantee {
    /// Send it again: prefers no loss. What had been accepted is counted twice.
    #[default]
    AtLeastOnce,
    /// Do not: prefers no duplicates. What had not been accepted is lost, and counted as
    /// `ambiguous` in [`Health::dropped`](super::Health::dropped).
    AtMostOnce,
}
