use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::listener::FaultyListener;
use super::wire::Wire;
use crate::server::http::route::router;
use crate::server::ingest::handler::Endpoint;

/// The server's thread, with a runtime of its own: it serves programs that have none, and is not
/// slowed down by those that have one.
#[derive(Debug)]
pub(in crate::server) struct ServerThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    /// Serves the connections to the listener, which is made in the context of the runtime.
    pub(in crate::server) fn start(
        endpoint: &Arc<Endpoint>,
        listen: impl FnOnce() -> io::Result<TcpListener>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            listen()?
        };
        let listener = FaultyListener::new(listener, Arc::clone(endpoint));
        let service = router(endpoint).into_make_service_with_connect_info::<Wire>();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("dt-metrics-local".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        // Never ends by itself: it waits and tries again where accepting fails.
                        _ = axum::serve(listener, service) => {}
                        // An error says that the handle is gone, which is the same.
                        _ = stopped => {}
                    }
                });
                // Dropping the runtime here closes all connections, held ones too.
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
            // Fails if the thread is gone already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // Waited for so that the port is free afterwards. A panic of it was printed by it.
            let _ = thread.join();
        }
    }
}
