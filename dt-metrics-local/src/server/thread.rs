use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use axum::Router;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// The server's thread, with a runtime of its own: it serves programs that have none, and is not
/// slowed down by those that have one.
#[derive(Debug)]
pub(super) struct ServerThread {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    pub(super) fn start(listener: TcpListener, router: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("dt-metrics-local".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        // Never ends by itself: it waits and tries again where accepting fails.
                        _ = axum::serve(listener, router) => {}
                        // An error says that the handle is gone, which is the same.
                        _ = stopped => {}
                    }
                });
                // Dropping the runtime here closes all connections, held ones too.
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Fails if the thread is gone already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Waited for so that the port is free afterwards. A panic of it was printed by it.
            let _ = thread.join();
        }
    }
}
