use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use tokio::net::TcpListener;

use super::connection::Connection;
use crate::server::ingest::handler::Endpoint;

/// Accepts connections that know the faults of an endpoint.
#[derive(Debug)]
pub(in crate::server) struct FaultyListener {
    tcp: TcpListener,
    endpoint: Arc<Endpoint>,
}

impl FaultyListener {
    pub(in crate::server) fn new(tcp: TcpListener, endpoint: Arc<Endpoint>) -> Self {
        Self { tcp, endpoint }
    }
}

impl Listener for FaultyListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.tcp).await;
        // Else the bytes of a slow answer would wait for each other. Without it they only do that.
        let _ = stream.set_nodelay(true);
        (Connection::new(stream, Arc::clone(&self.endpoint)), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
