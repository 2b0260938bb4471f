use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpSocket;

use super::thread::ServerThread;
use crate::server::ingest::handler::Endpoint;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// A port that is listened on, or not.
#[derive(Debug)]
pub(in crate::server) struct Listening {
    endpoint: Arc<Endpoint>,
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Up {
        _thread: ServerThread,
    },
    /// The port is kept, so that nobody else takes it: connections are refused.
    Refusing(TcpSocket),
    /// The port is kept with a queue that is full: the system answers no more connections.
    Unreachable {
        _runtime: tokio::runtime::Runtime,
        _listener: tokio::net::TcpListener,
        _waiting: Vec<TcpStream>,
    },
    /// Between two of the others, or after a failure.
    Down,
}

impl Listening {
    pub(in crate::server) fn start(
        listener: TcpListener,
        endpoint: &Arc<Endpoint>,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let listen = || tokio::net::TcpListener::from_std(listener);
        let thread = ServerThread::start(endpoint, listen)?;
        Ok(Self {
            endpoint: Arc::clone(endpoint),
            address,
            state: Mutex::new(State::Up { _thread: thread }),
        })
    }

    pub(in crate::server) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port and all connections.
    pub(in crate::server) fn refuse(&self) -> io::Result<()> {
        let mut state = self.state();
        // Dropped first: nobody can have the port twice.
        *state = State::Down;
        let socket = self.bind()?;
        // Nor may anybody have it meanwhile.
        reuse(&socket, false)?;
        *state = State::Refusing(socket);
        Ok(())
    }

    /// Closes all connections, and answers no new ones.
    pub(in crate::server) fn vanish(&self) -> io::Result<()> {
        let mut state = self.state();
        *state = State::Down;
        let socket = self.bind()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let context = runtime.enter();
        let listener = socket.listen(0)?;
        drop(context);
        let waiting = fill(self.address);
        *state = State::Unreachable {
            _runtime: runtime,
            _listener: listener,
            _waiting: waiting,
        };
        Ok(())
    }

    /// Listens again, if it does not.
    pub(in crate::server) fn resume(&self) -> io::Result<()> {
        let mut state = self.state();
        let socket = match std::mem::replace(&mut *state, State::Down) {
            up @ State::Up { .. } => {
                *state = up;
                return Ok(());
            }
            State::Refusing(socket) => {
                reuse(&socket, true)?;
                socket
            }
            other => {
                drop(other);
                self.bind()?
            }
        };
        let thread = ServerThread::start(&self.endpoint, || socket.listen(BACKLOG))?;
        *state = State::Up { _thread: thread };
        Ok(())
    }

    fn bind(&self) -> io::Result<TcpSocket> {
        let socket = match self.address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        reuse(&socket, true)?;
        socket.bind(self.address)?;
        Ok(socket)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether connections that have just been closed leave the port to others.
///
/// On Windows they do, and there the option means something else.
fn reuse(socket: &TcpSocket, reuse: bool) -> io::Result<()> {
    if cfg!(unix) {
        socket.set_reuseaddr(reuse)?;
    }
    Ok(())
}

/// Connects until nothing more is answered.
fn fill(address: SocketAddr) -> Vec<TcpStream> {
    /// Longer than a connection to the own host takes.
    const LONG: Duration = Duration::from_millis(200);
    /// More than any system keeps of a queue of none.
    const ENOUGH: usize = 16;
    (0..ENOUGH)
        .map_while(|_| TcpStream::connect_timeout(&address, LONG).ok())
        .collect()
}
