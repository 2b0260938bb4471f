use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::ServerBuilder;
#[cfg(feature = "otlp")]
use super::http::route::OTLP_PATH;
use super::http::route::{DYNATRACE_PATH, ONEAGENT_PATH};
use super::ingest::handler::Endpoint;
use super::net::listening::Listening;
use super::page::PAGE_PATH;
#[cfg(feature = "otlp")]
use crate::otlp::DataPoint;
use crate::protocol::{Line, Metadata};
use crate::store::{Event, Rejected, Request, Series, State, Totals};

/// A running endpoint. Dropping it stops it and frees its port.
///
/// It runs on a thread of its own, so it serves programs with and without an async runtime. It may
/// be shared between threads.
#[derive(Debug)]
pub struct Server {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) listening: Listening,
}

impl Server {
    pub(super) fn new(endpoint: Arc<Endpoint>, listening: Listening) -> Self {
        Self {
            endpoint,
            listening,
        }
    }

    /// Settings for a new server; by default it listens on a free port of `127.0.0.1` and asks for
    /// no token.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// The URL of the Dynatrace API, `http://127.0.0.1:PORT/api/v2/metrics/ingest`.
    ///
    /// Of a server that listens on all addresses, the one that reaches it from the same host.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{DYNATRACE_PATH}", self.base_url())
    }

    /// The URL of the OneAgent's API, `http://127.0.0.1:PORT/metrics/ingest`.
    #[must_use]
    pub fn oneagent_url(&self) -> String {
        format!("{}{ONEAGENT_PATH}", self.base_url())
    }

    /// The URL of the Dynatrace API for OTLP, `http://127.0.0.1:PORT/api/v2/otlp/v1/metrics`.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn otlp_url(&self) -> String {
        format!("{}{OTLP_PATH}", self.base_url())
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to so that this is the Collector,
    /// `http://127.0.0.1:PORT`.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn collector_url(&self) -> String {
        self.base_url()
    }

    /// The URL of the live page for a browser, `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn page_url(&self) -> String {
        format!("{}{PAGE_PATH}", self.base_url())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    fn base_url(&self) -> String {
        let mut address = self.address();
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}")
    }

    /// The accepted data points, oldest first; the newest million unless
    /// [`Limits`](crate::store::Limits) say otherwise. Those that came by OTLP are among them as
    /// the lines that say the same, so that one test serves both ways.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.inspect(|state| state.lines().cloned().collect())
    }

    /// The data points that were accepted by OTLP, as they came, oldest first; as many as
    /// [`lines`](Self::lines) at most.
    ///
    /// ```
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder().start()?;
    /// // … a program sends to server.otlp_url() …
    /// let points = server.otlp_points();
    /// assert!(points.iter().all(|point| point.resource_attribute("service.name").is_some()));
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn otlp_points(&self) -> Vec<DataPoint> {
        self.inspect(|state| state.otlp_points().cloned().collect())
    }

    /// The refused lines and data points, and why they were refused, oldest first.
    #[must_use]
    pub fn rejected(&self) -> Vec<Rejected> {
        self.inspect(|state| state.rejected().cloned().collect())
    }

    /// The metadata of each metric, sorted by key. Only the first metadata line of a metric counts.
    #[must_use]
    pub fn metadata(&self) -> Vec<Metadata> {
        let mut metadata: Vec<_> = self.inspect(|state| state.metadata().cloned().collect());
        metadata.sort_unstable_by(|a: &Metadata, b| a.key.cmp(&b.key));
        metadata
    }

    /// The requests answered so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.inspect(|state| state.requests().cloned().collect())
    }

    /// The aggregate of each series, sorted by metric and dimensions.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        let mut series: Vec<_> = self.inspect(|state| state.series().cloned().collect());
        series.sort_unstable_by(|a: &Series, b| {
            (&a.metric, &a.dimensions, a.kind).cmp(&(&b.metric, &b.dimensions, b.kind))
        });
        series
    }

    /// Exact numbers of what came.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.inspect(State::totals)
    }

    /// The sum of the deltas of all count lines with this key and these dimensions, whatever other
    /// dimensions they have.
    ///
    /// It is exact however few lines are kept, as long as there were not more series than
    /// [`Limits::series`](crate::store::Limits::series).
    ///
    /// ```
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder().start()?;
    /// // … a program sends `orders,region=eu,tier=gold count,delta=2` to server.url() …
    /// let orders = server.counter_total("orders", &[("region", "eu")]);
    /// # assert_eq!(orders, 0.0);
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    #[must_use]
    pub fn counter_total(&self, key: &str, dimensions: &[(&str, &str)]) -> f64 {
        self.inspect(|state| state.counter_total(key, dimensions))
    }

    /// [`counter_total`](Self::counter_total) whatever the dimensions.
    #[must_use]
    pub fn total(&self, key: &str) -> f64 {
        self.counter_total(key, &[])
    }

    /// The sum of the deltas of all count lines that were accepted, for each key that has any.
    ///
    /// A line counts once the server accepted it, whether or not a [`Fault`](crate::Fault) kept the
    /// answer from its client: [`Totals::lines_unanswered`] says how many such there were.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, f64> {
        self.inspect(State::counts)
    }

    /// Looks at the state without copying it.
    ///
    /// Requests wait meanwhile, so `look` should be quick. It must not call this server: that would
    /// wait for itself.
    pub fn inspect<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.endpoint.store.inspect(look)
    }

    /// Blocks until the predicate holds, at most for `timeout`. Says whether it held.
    ///
    /// The predicate is asked once at the start and after each request; the rules of
    /// [`inspect`](Self::inspect) hold for it. In async code call it on a thread that may block.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder().start()?;
    /// let came = server.wait_for(Duration::from_millis(10), |state| state.lines().len() >= 2);
    /// assert!(!came);
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    pub fn wait_for(&self, timeout: Duration, predicate: impl FnMut(&State) -> bool) -> bool {
        self.endpoint.store.wait_for(timeout, predicate)
    }

    /// Everything that arrives from now on, as it arrives. Ends when the server is dropped.
    ///
    /// A subscriber more than 65,536 events behind misses those that come next; how many were
    /// missed is in [`Totals::events_missed`].
    #[must_use]
    pub fn subscribe(&self) -> Receiver<Event> {
        self.endpoint.store.subscribe()
    }
}
