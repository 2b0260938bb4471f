//! The thread that accepts and serves connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::connection::Connection;
use super::wire::Wire;
use crate::server::endpoint::Endpoint;

/// The server's thread. It has its own runtime, so that it serves programs without a runtime and is
/// not slowed down by the runtime of a program that has one.
#[derive(Debug)]
pub(super) struct ServerThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    /// Serves the connections to a listener, which `listen` creates in the context of the runtime.
    pub(super) fn start(
        endpoint: &Arc<Endpoint>,
        router: &Router,
        listen: impl FnOnce() -> io::Result<TcpListener>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            listen()?
        };
        let listener = FaultyListener {
            tcp: listener,
            endpoint: Arc::clone(endpoint),
        };
        let service = router.clone().into_make_service_with_connect_info::<Wire>();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("dt-metrics-local".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        // Never ends: if accepting fails, it waits and tries again.
                        _ = axum::serve(listener, service) => {}
                        // An error means that the handle was dropped, which also ends the server.
                        _ = stopped => {}
                    }
                });
                // Dropping the runtime here closes all connections, including held ones.
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Fails if the thread has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Joined so that the port is free afterwards. The thread has already printed its panic.
            let _ = thread.join();
        }
    }
}

/// Accepts connections that can simulate the faults of an endpoint.
#[derive(Debug)]
struct FaultyListener {
    tcp: TcpListener,
    endpoint: Arc<Endpoint>,
}

impl Listener for FaultyListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.tcp).await;
        // Without this option, the system would collect the bytes of a slow response.
        let _ = stream.set_nodelay(true);
        (Connection::new(stream, Arc::clone(&self.endpoint)), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl Connected<IncomingStream<'_, FaultyListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().wire()
    }
}
