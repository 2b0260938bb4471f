//! The port: open, refusing connections, or unreachable.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use tokio::net::TcpSocket;

use super::thread::ServerThread;
use crate::server::endpoint::Endpoint;

/// Maximum number of connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// The server's port, which can be closed and opened again.
#[derive(Debug)]
pub(crate) struct Listening {
    endpoint: Arc<Endpoint>,
    router: Router,
    address: SocketAddr,
    port: Mutex<Port>,
}

#[derive(Debug)]
enum Port {
    /// The server listens.
    Open { _thread: ServerThread },
    /// Connections are refused. The bound socket keeps the port from other programs.
    Refusing(TcpSocket),
    /// The listener's queue is full, so that the system does not answer further connections.
    Unreachable {
        _runtime: tokio::runtime::Runtime,
        _listener: tokio::net::TcpListener,
        _waiting: Vec<TcpStream>,
    },
    /// Between two of the other states, or after a failure.
    Closed,
}

impl Listening {
    /// Serves the requests to a listener with a router.
    pub(crate) fn start(
        listener: TcpListener,
        endpoint: &Arc<Endpoint>,
        router: Router,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let listen = || tokio::net::TcpListener::from_std(listener);
        let thread = ServerThread::start(endpoint, &router, listen)?;
        Ok(Self {
            endpoint: Arc::clone(endpoint),
            router,
            address,
            port: Mutex::new(Port::Open { _thread: thread }),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections and refuses new ones.
    pub(crate) fn refuse(&self) -> io::Result<()> {
        let mut port = self.lock();
        // The server's thread must release the port before it can be bound again.
        *port = Port::Closed;
        let socket = self.bind()?;
        // No other socket may share the port.
        reuse(&socket, false)?;
        *port = Port::Refusing(socket);
        Ok(())
    }

    /// Closes all connections and does not answer new ones.
    pub(crate) fn vanish(&self) -> io::Result<()> {
        let mut port = self.lock();
        *port = Port::Closed;
        let socket = self.bind()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let context = runtime.enter();
        let listener = socket.listen(0)?;
        drop(context);
        let waiting = fill(self.address);
        *port = Port::Unreachable {
            _runtime: runtime,
            _listener: listener,
            _waiting: waiting,
        };
        Ok(())
    }

    /// Listens again, unless the port is open.
    pub(crate) fn resume(&self) -> io::Result<()> {
        let mut port = self.lock();
        let socket = match std::mem::replace(&mut *port, Port::Closed) {
            open @ Port::Open { .. } => {
                *port = open;
                return Ok(());
            }
            Port::Refusing(socket) => {
                reuse(&socket, true)?;
                socket
            }
            other => {
                drop(other);
                self.bind()?
            }
        };
        let thread = ServerThread::start(&self.endpoint, &self.router, || socket.listen(BACKLOG))?;
        *port = Port::Open { _thread: thread };
        Ok(())
    }

    /// Binds the port that was just closed. A child that this process is starting at the same moment
    /// holds the closed socket for a moment longer.
    fn bind(&self) -> io::Result<TcpSocket> {
        const TIMEOUT: Duration = Duration::from_secs(1);
        const PAUSE: Duration = Duration::from_millis(5);
        let end = Instant::now() + TIMEOUT;
        loop {
            match self.bind_now() {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                    std::thread::sleep(PAUSE);
                }
                result => return result,
            }
        }
    }

    fn bind_now(&self) -> io::Result<TcpSocket> {
        let socket = match self.address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        reuse(&socket, true)?;
        socket.bind(self.address)?;
        Ok(socket)
    }

    fn lock(&self) -> MutexGuard<'_, Port> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets whether the port can be bound while connections that were just closed linger on it.
///
/// Windows always allows that, and its option of the same name has another meaning.
fn reuse(socket: &TcpSocket, reuse: bool) -> io::Result<()> {
    if cfg!(unix) {
        socket.set_reuseaddr(reuse)?;
    }
    Ok(())
}

/// Connects until the system does not answer any more.
fn fill(address: SocketAddr) -> Vec<TcpStream> {
    /// Longer than a connection to the own host takes.
    const TIMEOUT: Duration = Duration::from_millis(200);
    /// More than any system accepts for a queue of length 0.
    const ATTEMPTS: usize = 16;
    (0..ATTEMPTS)
        .map_while(|_| TcpStream::connect_timeout(&address, TIMEOUT).ok())
        .collect()
}
