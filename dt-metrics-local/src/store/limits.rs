//! How much the store keeps.

/// The limits of the store: the number of entries that it keeps.
///
/// ```
/// use dt_metrics_local::{Server, store::Limits};
///
/// # fn main() -> Result<(), dt_metrics_local::StartError> {
/// let limits = Limits::default().lines(10_000);
/// let server = Server::builder().limits(limits).start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub(super) lines: usize,
    pub(super) rejected: usize,
    pub(super) requests: usize,
    pub(super) series: usize,
    pub(super) histories: usize,
}

impl Default for Limits {
    /// Returns the default limits: 1,000,000 lines, 10,000 refused lines, 100,000 requests, 100,000 series and
    /// 20,000 histories of series.
    fn default() -> Self {
        Self {
            lines: 1_000_000,
            rejected: 10_000,
            requests: 100_000,
            series: 100_000,
            histories: 20_000,
        }
    }
}

impl Limits {
    /// Keeps the newest `limit` accepted lines, and the newest `limit` OTLP data points as received (default:
    /// 1,000,000).
    #[must_use]
    pub fn lines(mut self, limit: usize) -> Self {
        self.lines = limit;
        self
    }

    /// Keeps the newest `limit` refused lines, and the newest `limit` notes about accepted lines (default:
    /// 10,000).
    #[must_use]
    pub fn rejected(mut self, limit: usize) -> Self {
        self.rejected = limit;
        self
    }

    /// Keeps the newest `limit` requests (default: 100,000).
    #[must_use]
    pub fn requests(mut self, limit: usize) -> Self {
        self.requests = limit;
        self
    }

    /// Aggregates the first `limit` series, and keeps the metadata of the first `limit` metrics (default:
    /// 100,000). Lines of further series are counted in [`Totals::lines_without_series`].
    ///
    /// [`Totals::lines_without_series`]: super::Totals::lines_without_series
    #[must_use]
    pub fn series(mut self, limit: usize) -> Self {
        self.series = limit;
        self
    }

    /// Keeps the history of the first `limit` series for the charts of the live page (default:
    /// 20,000). A history takes at most 10 kB, which it reaches after a day.
    #[must_use]
    pub fn histories(mut self, limit: usize) -> Self {
        self.histories = limit;
        self
    }
}
