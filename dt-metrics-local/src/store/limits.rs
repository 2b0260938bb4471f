/// How much the store keeps.
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
    /// A million lines, 10,000 refused lines, 100,000 requests, 100,000 series, the histories of
    /// 20,000 of them.
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
    /// Keeps the newest `limit` accepted lines, and as many data points of OTLP as they came.
    #[must_use]
    pub fn lines(mut self, limit: usize) -> Self {
        self.lines = limit;
        self
    }

    /// Keeps the newest `limit` refused lines.
    #[must_use]
    pub fn rejected(mut self, limit: usize) -> Self {
        self.rejected = limit;
        self
    }

    /// Keeps the newest `limit` requests.
    #[must_use]
    pub fn requests(mut self, limit: usize) -> Self {
        self.requests = limit;
        self
    }

    /// Aggregates the first `limit` series, and keeps the metadata of the first `limit` metrics.
    /// Lines of series beyond it are counted in [`Totals::lines_without_series`].
    ///
    /// [`Totals::lines_without_series`]: super::Totals::lines_without_series
    #[must_use]
    pub fn series(mut self, limit: usize) -> Self {
        self.series = limit;
        self
    }

    /// Keeps the past of the first `limit` series, for the charts of the live page: at most 10 kB
    /// each, which a series has after a day.
    #[must_use]
    pub fn histories(mut self, limit: usize) -> Self {
        self.histories = limit;
        self
    }
}
