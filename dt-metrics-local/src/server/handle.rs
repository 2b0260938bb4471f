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

/// A handle of a running server. Dropping the handle stops the server and frees the port.
///
/// The server runs on its own thread, so it works in programs with and without an async runtime. You can
/// share the handle between threads.
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

    /// Returns the URL of the Dynatrace API, `http://127.0.0.1:PORT/api/v2/metrics/ingest`.
    ///
    /// If the server listens on all addresses, the URL has the loopback address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{DYNATRACE_PATH}", self.base_url())
    }

    /// Returns the URL of the OneAgent's API, `http://127.0.0.1:PORT/metrics/ingest`.
    #[must_use]
    pub fn oneagent_url(&self) -> String {
        format!("{}{ONEAGENT_PATH}", self.base_url())
    }

    /// Returns the URL of the Dynatrace API for OTLP, `http://127.0.0.1:PORT/api/v2/otlp/v1/metrics`.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn otlp_url(&self) -> String {
        format!("{}{OTLP_PATH}", self.base_url())
    }

    /// Returns the value of `OTEL_EXPORTER_OTLP_ENDPOINT` with which a program uses the server as a
    /// Collector, `http://127.0.0.1:PORT`.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn collector_url(&self) -> String {
        self.base_url()
    }

    /// Returns the URL of the live page, `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn page_url(&self) -> String {
        format!("{}{PAGE_PATH}", self.base_url())
    }

    /// Returns the address that the server listens on.
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

    /// Returns the accepted data points, oldest first: the newest million, unless you change
    /// [`Limits`](crate::store::Limits). Data points that were received over OTLP are included as their
    /// equivalent lines, so one test covers both protocols.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.inspect(|state| state.lines().cloned().collect())
    }

    /// Returns the data points that were accepted over OTLP, as received, oldest first. The limit of
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

    /// Returns the refused lines and data points with the reasons, oldest first.
    #[must_use]
    pub fn rejected(&self) -> Vec<Rejected> {
        self.inspect(|state| state.rejected().cloned().collect())
    }

    /// Returns the notes about accepted lines and data points, oldest first. Each note is about a part that is
    /// not stored as sent, such as an empty dimension.
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

    /// Returns the metadata of each metric, sorted by key. Only the first metadata line of a metric counts.
    #[must_use]
    pub fn metadata(&self) -> Vec<Metadata> {
        let mut metadata: Vec<_> = self.inspect(|state| state.metadata().cloned().collect());
        metadata.sort_unstable_by(|a: &Metadata, b| a.key.cmp(&b.key));
        metadata
    }

    /// Returns the requests that were received so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.inspect(|state| state.requests().cloned().collect())
    }

    /// Returns the aggregate of each series, sorted by metric and dimensions.
    #[must_use]
    pub fn series(&self) -> Vec<Series> {
        let mut series: Vec<_> = self.inspect(|state| state.series().cloned().collect());
        series.sort_unstable_by(|a: &Series, b| {
            (&a.metric, &a.dimensions, a.kind).cmp(&(&b.metric, &b.dimensions, b.kind))
        });
        series
    }

    /// Returns the exact numbers of everything received.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.inspect(State::totals)
    }

    /// Returns the sum of the deltas of all count lines with this key and at least these dimensions.
    ///
    /// The sum includes lines that are no longer kept. The sum is exact unless there are more series than
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

    /// Returns the sum of the deltas of all count lines with this key and any dimensions.
    #[must_use]
    pub fn total(&self, key: &str) -> f64 {
        self.counter_total(key, &[])
    }

    /// Returns the sum of the deltas of all accepted count lines, per metric key.
    ///
    /// Each accepted line counts, even if the client did not receive the response because of a [`Fault`].
    /// [`Totals::lines_unanswered`] counts lines without a response.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, f64> {
        self.inspect(State::counts)
    }

    /// Deletes everything received, like `POST /api/reset`, for example between two tests. Faults, tokens and
    /// held requests stay.
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

    /// Calls `look` with the state, and returns its return value. The state is not copied.
    ///
    /// Requests wait until `look` returns, so `look` should be quick. A call to this server in `look` is a
    /// deadlock.
    pub fn inspect<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.endpoint.store.inspect(look)
    }

    /// Blocks until the predicate is true, for `timeout` at most. Returns `true` if the predicate became true
    /// in time.
    ///
    /// The predicate is called at the start and after each request; the rules of
    /// [`inspect`](Self::inspect) apply to the predicate. In async code, call this method on a thread that
    /// may block.
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

    /// Returns a channel of the events from now on. The channel ends when the server is dropped.
    ///
    /// The channel holds 65,536 events. If it is full, the subscriber misses further events, and
    /// [`Totals::events_missed`] counts these events.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<Event> {
        self.endpoint.store.subscribe()
    }
}

/// Faults on demand. They apply to ingest requests with lines or OTLP; other requests are answered
/// as usual.
impl Server {
    /// Applies this fault to the next `requests` ingest requests. Several calls apply one after another; then
    /// [`fail_always`](Self::fail_always) or [`fail_at_random`](Self::fail_at_random) applies.
    ///
    /// If `fault` is a number, it is the status of the response.
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
    /// Returns an error if HTTP does not allow the status or a header, or if the pace is 0.
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
    /// changes it. The weight of [`Fault::None`] is the share of requests that are answered as usual.
    ///
    /// Two runs with the same seed have the same sequence of faults. The fault of a request still depends on
    /// the order in which requests arrive.
    ///
    /// # Errors
    ///
    /// See [`fail_next`](Self::fail_next). Also returns an error if no weight is above 0.
    pub fn fail_at_random(&self, seed: u64, faults: &[(u32, Fault)]) -> Result<(), FaultError> {
        self.endpoint.faults.at_random(seed, faults)
    }

    /// Applies this fault to each ingest request whose body contains this text, until
    /// [`recover`](Self::recover), for example to simulate a server that fails because of one series. This
    /// fault takes precedence over other faults.
    ///
    /// The server must read the body first, so a fault "before reading" takes effect after reading here. Still,
    /// none of the lines is accepted.
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
    /// Other faults that already took effect remain. For example, a client without an answer still waits until
    /// its own timeout.
    pub fn recover(&self) {
        self.endpoint.faults.recover();
    }

    /// Applies this answer to the next `requests` ingest requests, like [`fail_next`](Self::fail_next).
    ///
    /// # Errors
    ///
    /// Returns an error if HTTP does not allow the status or a header.
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
    /// A request is judged when it is released. If its client has disconnected before, none of its lines is
    /// accepted. [`State::held`] returns the number of requests that are held at the moment.
    pub fn hold_next(&self, requests: usize) {
        // `Hold` is always valid.
        let _ = self.fail_next(requests, Fault::Hold);
    }

    /// Continues with the held requests, and does not hold further requests.
    pub fn release(&self) {
        self.endpoint.faults.release();
    }

    /// Replaces all tokens of the Dynatrace API with this token, like a token rotation.
    pub fn replace_token(&self, token: impl Into<String>) {
        self.endpoint.tokens.replace(token.into());
    }

    /// Closes all connections and refuses new connections. The server keeps its port and everything received.
    ///
    /// # Errors
    ///
    /// Returns an error if the system does not free the port in time. The server does not listen in this case
    /// either.
    pub fn stop_listening(&self) -> io::Result<()> {
        self.listening.refuse()
    }

    /// Closes all connections and does not answer new connections, as if the network dropped all packets.
    /// Clients wait until their own timeout.
    ///
    /// The server fills its queue of connections; Linux then does not answer further connections.
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
    /// Returns an error if the system does not allow listening on the port. You can repeat the call.
    pub fn listen_again(&self) -> io::Result<()> {
        self.listening.resume()
    }
}
