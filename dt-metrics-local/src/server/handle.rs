//! The handle of a running server.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::error::FaultError;
use super::fault::Fault;
use super::net::Listening;
use super::page::PAGE_PATH;
use super::response::Answer;
#[cfg(feature = "otlp")]
use super::router::OTLP_PATH;
use super::router::{DYNATRACE_PATH, ONEAGENT_PATH};
use crate::protocol::{Line, Metadata};
#[cfg(feature = "otlp")]
use crate::store::data_point::DataPoint;
use crate::store::{Event, Noted, Rejected, Request, Series, State, Totals};

/// A running endpoint. Dropping it stops the server and frees the port.
///
/// The server runs on its own thread, so it serves programs with and without an async runtime. The
/// handle can be shared between threads.
#[derive(Debug)]
pub struct Server {
    endpoint: Arc<Endpoint>,
    listening: Listening,
}

impl Server {
    pub(super) fn new(endpoint: Arc<Endpoint>, listening: Listening) -> Self {
        Self {
            endpoint,
            listening,
        }
    }

    /// The URL of the Dynatrace API, `http://127.0.0.1:PORT/api/v2/metrics/ingest`.
    ///
    /// If the server listens on all addresses, the URL has the loopback address.
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

    /// The value of `OTEL_EXPORTER_OTLP_ENDPOINT` with which a program takes the server for a
    /// Collector, `http://127.0.0.1:PORT`.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn collector_url(&self) -> String {
        self.base_url()
    }

    /// The URL of the live page, `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn page_url(&self) -> String {
        format!("{}{PAGE_PATH}", self.base_url())
    }

    /// The address that the server listens on.
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

    /// The accepted data points, oldest first: the newest million, unless
    /// [`Limits`](crate::store::Limits) change that. Data points received over OTLP are included as
    /// their equivalent lines, so that one test covers both protocols.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.inspect(|state| state.lines().cloned().collect())
    }

    /// The data points accepted over OTLP, as received, oldest first. The limit of
    /// [`lines`](Self::lines) applies.
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

    /// The refused lines and data points with the reasons, oldest first.
    #[must_use]
    pub fn rejected(&self) -> Vec<Rejected> {
        self.inspect(|state| state.rejected().cloned().collect())
    }

    /// The notes about accepted lines and data points, oldest first: their parts that are not stored
    /// as sent, an empty dimension for example.
    ///
    /// ```
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder().start()?;
    /// // … a program sends to server.url() …
    /// assert!(server.notes().is_empty(), "{:?}", server.notes());
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    #[must_use]
    pub fn notes(&self) -> Vec<Noted> {
        self.inspect(|state| state.notes().cloned().collect())
    }

    /// The metadata of each metric, sorted by key. Only the first metadata line of a metric counts.
    #[must_use]
    pub fn metadata(&self) -> Vec<Metadata> {
        let mut metadata: Vec<_> = self.inspect(|state| state.metadata().cloned().collect());
        metadata.sort_unstable_by(|a: &Metadata, b| a.key.cmp(&b.key));
        metadata
    }

    /// The requests received so far, oldest first.
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

    /// Exact numbers of everything received.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.inspect(State::totals)
    }

    /// The sum of the deltas of all count lines with this key and at least these dimensions.
    ///
    /// The sum includes lines that are no longer kept. It is exact unless there are more series than
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

    /// The sum of the deltas of all count lines with this key and any dimensions.
    #[must_use]
    pub fn total(&self, key: &str) -> f64 {
        self.counter_total(key, &[])
    }

    /// The sum of the deltas of all accepted count lines, per metric key.
    ///
    /// A line counts once the server accepted it, even if a [`Fault`] kept the response from its
    /// client: [`Totals::lines_unanswered`] counts those lines.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, f64> {
        self.inspect(State::counts)
    }

    /// Forgets everything received, as `POST /api/reset` does, so that the next test starts from
    /// nothing. Faults and tokens stay, and requests that are held stay held.
    ///
    /// ```
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder().start()?;
    /// // … a program sends to server.url() …
    /// server.reset();
    /// assert!(server.lines().is_empty());
    /// assert_eq!(server.totals().requests, 0);
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    pub fn reset(&self) {
        self.endpoint.store.reset();
    }

    /// Reads the state without copying it.
    ///
    /// Requests wait until `look` returns, so it should be quick. It must not call this server, which
    /// would be a deadlock.
    pub fn inspect<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.endpoint.store.inspect(look)
    }

    /// Blocks until the predicate is true, at most for `timeout`. Returns whether it became true.
    ///
    /// The predicate is called at the start and after each request; the rules of
    /// [`inspect`](Self::inspect) apply to it. In async code, call this method on a thread that may
    /// block.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dt_metrics_local::Server;
    ///
    /// let server = Server::builder().start()?;
    /// let arrived = server.wait_for(Duration::from_millis(10), |state| state.lines().len() >= 2);
    /// assert!(!arrived);
    /// # Ok::<(), dt_metrics_local::StartError>(())
    /// ```
    pub fn wait_for(&self, timeout: Duration, predicate: impl FnMut(&State) -> bool) -> bool {
        self.endpoint.store.wait_for(timeout, predicate)
    }

    /// The events from now on. The channel ends when the server is dropped.
    ///
    /// A subscriber that is 65,536 events behind misses further events. [`Totals::events_missed`]
    /// counts them.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<Event> {
        self.endpoint.store.subscribe()
    }
}

/// Faults on demand. They apply to ingest requests with lines or OTLP; other requests are answered
/// as usual.
impl Server {
    /// Applies this fault to the next `requests` ingest requests. Several calls are applied one after
    /// the other, then [`fail_always`](Self::fail_always) or [`fail_at_random`](Self::fail_at_random).
    ///
    /// A number is the status of the response.
    ///
    /// ```
    /// use dt_metrics_local::{Fault, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::builder().start()?;
    /// server.fail_next(2, 503)?;
    /// server.fail_next(1, Fault::SilentBeforeReading)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// HTTP does not allow the status or a header, or the pace is 0.
    pub fn fail_next(&self, requests: usize, fault: impl Into<Fault>) -> Result<(), FaultError> {
        self.endpoint.faults.next(requests, fault.into())
    }

    /// Applies this fault to all ingest requests, until another call changes it.
    ///
    /// # Errors
    ///
    /// See [`fail_next`](Self::fail_next).
    pub fn fail_always(&self, fault: impl Into<Fault>) -> Result<(), FaultError> {
        self.endpoint.faults.always(fault.into())
    }

    /// Applies a random fault to each ingest request, chosen by the weights, until another call
    /// changes it. [`Fault::None`] is the share of requests that are answered as usual.
    ///
    /// Two runs with equal seeds draw equal sequences of faults. Which request meets which fault
    /// still depends on the order in which requests arrive.
    ///
    /// # Errors
    ///
    /// See [`fail_next`](Self::fail_next); or no weight is above 0.
    pub fn fail_at_random(&self, seed: u64, faults: &[(u32, Fault)]) -> Result<(), FaultError> {
        self.endpoint.faults.at_random(seed, faults)
    }

    /// Applies this fault to each ingest request whose body contains this text, until
    /// [`recover`](Self::recover): a server that fails because of one series. It takes precedence
    /// over other faults.
    ///
    /// The body must be read first, so a fault "before reading" takes effect after it here; none of
    /// the lines is accepted all the same.
    ///
    /// ```
    /// use dt_metrics_local::Server;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::builder().start()?;
    /// server.fail_containing("customer=acme", 500)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`fail_next`](Self::fail_next).
    pub fn fail_containing(
        &self,
        text: impl Into<String>,
        fault: impl Into<Fault>,
    ) -> Result<(), FaultError> {
        self.endpoint.faults.containing(text.into(), fault.into())
    }

    /// Ends all faults: new requests are answered as usual, and held requests continue.
    ///
    /// Other faults that already took effect remain. For example, an unanswered client has to give up
    /// by itself.
    pub fn recover(&self) {
        self.endpoint.faults.recover();
    }

    /// Calls [`fail_next`](Self::fail_next) with an answer.
    ///
    /// # Errors
    ///
    /// HTTP does not allow the status or a header.
    pub fn answer_next(
        &self,
        answer: impl Into<Answer>,
        requests: usize,
    ) -> Result<(), FaultError> {
        self.fail_next(requests, answer.into())
    }

    /// Reads the next `requests` ingest requests and does not answer them until
    /// [`release`](Self::release) is called: [`Fault::Hold`].
    ///
    /// A request is judged when it is released. If its client gave up before, none of its lines is
    /// accepted. [`State::held`] counts the requests that are held at the moment.
    pub fn hold_next(&self, requests: usize) {
        // `Hold` is always valid.
        let _ = self.fail_next(requests, Fault::Hold);
    }

    /// Continues with the held requests, and holds no further ones.
    pub fn release(&self) {
        self.endpoint.faults.release();
    }

    /// Replaces all tokens of the Dynatrace API with this one, as a token rotation does.
    pub fn replace_token(&self, token: impl Into<String>) {
        self.endpoint.tokens.replace(token.into());
    }

    /// Closes all connections and refuses new ones. The server keeps its port and everything it
    /// received.
    ///
    /// # Errors
    ///
    /// The system does not free the port in time. The server does not listen in that case either.
    pub fn stop_listening(&self) -> io::Result<()> {
        self.listening.refuse()
    }

    /// Closes all connections and does not answer new ones, as if the network dropped all packets:
    /// clients wait until they give up.
    ///
    /// The server fills its queue of connections, after which Linux does not answer further ones.
    /// Other systems may refuse connections, as after [`stop_listening`](Self::stop_listening).
    ///
    /// # Errors
    ///
    /// See [`stop_listening`](Self::stop_listening).
    pub fn become_unreachable(&self) -> io::Result<()> {
        self.listening.vanish()
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    ///
    /// The system does not allow it. The call can be repeated.
    pub fn listen_again(&self) -> io::Result<()> {
        self.listening.resume()
    }
}
