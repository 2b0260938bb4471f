use std::io;

use super::{Answer, Fault, FaultError, Server};

/// Faults on demand. They are for ingest requests, by lines and by OTLP; others are answered as
/// usual.
impl Server {
    /// Meets the next `requests` ingest requests with this fault. Faults are used up in the order
    /// in which they are asked for; then comes what [`fail_always`](Self::fail_always) or
    /// [`fail_at_random`](Self::fail_at_random) say.
    ///
    /// A number is a status to answer with.
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
    /// A status or a header that HTTP does not allow, or a pace of nothing.
    pub fn fail_next(&self, requests: usize, fault: impl Into<Fault>) -> Result<(), FaultError> {
        self.endpoint.faults.next(requests, fault.into())
    }

    /// Meets all ingest requests with this fault, until something else is asked for.
    ///
    /// # Errors
    ///
    /// As for [`fail_next`](Self::fail_next).
    pub fn fail_always(&self, fault: impl Into<Fault>) -> Result<(), FaultError> {
        self.endpoint.faults.always(fault.into())
    }

    /// Meets each ingest request with one of these faults, chosen at random by their weights, until
    /// something else is asked for. [`Fault::None`] is the share that is answered as usual.
    ///
    /// One seed gives one sequence of faults. Whether each of them meets the same request again is
    /// up to the clients.
    ///
    /// # Errors
    ///
    /// As for [`fail_next`](Self::fail_next); or there is no weight over 0.
    pub fn fail_at_random(&self, seed: u64, faults: &[(u32, Fault)]) -> Result<(), FaultError> {
        self.endpoint.faults.at_random(seed, faults)
    }

    /// Meets each ingest request whose body contains this text with this fault, whatever else is
    /// asked for, until [`recover`](Self::recover): a server that stumbles over one series.
    ///
    /// The body has to be read first, so that here a fault "before reading" comes after it; none of
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
    /// As for [`fail_next`](Self::fail_next).
    pub fn fail_containing(
        &self,
        text: impl Into<String>,
        fault: impl Into<Fault>,
    ) -> Result<(), FaultError> {
        self.endpoint.faults.containing(text.into(), fault.into())
    }

    /// Ends all faults: requests from now on are answered as usual, held ones go on.
    ///
    /// What has met its fault already is left to it: a client in silence has to give up by itself.
    pub fn recover(&self) {
        self.endpoint.faults.recover();
    }

    /// [`fail_next`](Self::fail_next) with an answer.
    ///
    /// # Errors
    ///
    /// The status or a header is not one that HTTP allows.
    pub fn answer_next(
        &self,
        answer: impl Into<Answer>,
        requests: usize,
    ) -> Result<(), FaultError> {
        self.fail_next(requests, answer.into())
    }

    /// Reads the next `requests` ingest requests and does not answer until
    /// [`release`](Self::release) is called: [`Fault::Hold`].
    ///
    /// A request is judged when it is released. If its client gave up before, none of its lines are
    /// accepted. [`State::held`](crate::store::State::held) tells how many are held right now.
    pub fn hold_next(&self, requests: usize) {
        // Holding is always possible.
        let _ = self.fail_next(requests, Fault::Hold);
    }

    /// Goes on with the requests that are held, and holds no more.
    pub fn release(&self) {
        self.endpoint.faults.release();
    }

    /// From now on the Dynatrace API takes this token and no other, as after a rotation.
    pub fn replace_token(&self, token: impl Into<String>) {
        self.endpoint.tokens.replace(token.into());
    }

    /// Closes the port and all connections: whoever connects is refused. The port is kept, and what
    /// arrived so far stays.
    ///
    /// # Errors
    ///
    /// The system does not let go of the port in time. Nobody listens then, either.
    pub fn stop_listening(&self) -> io::Result<()> {
        self.listening.refuse()
    }

    /// Closes all connections and answers no new ones, as if the network dropped what is sent:
    /// whoever connects waits until he gives up.
    ///
    /// This takes a queue of connections that is full, which Linux leaves unanswered. Other systems
    /// may refuse, as with [`stop_listening`](Self::stop_listening).
    ///
    /// # Errors
    ///
    /// As for [`stop_listening`](Self::stop_listening).
    pub fn become_unreachable(&self) -> io::Result<()> {
        self.listening.vanish()
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    ///
    /// The system does not let us. It can be tried again.
    pub fn listen_again(&self) -> io::Result<()> {
        self.listening.resume()
    }
}
