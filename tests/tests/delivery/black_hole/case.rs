//! The behaviour of the endpoint, and the program's runtime.

use std::fmt;

use dt_metrics_local::{Fault, Server};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hole {
    /// Connections are accepted and not read.
    Unread,
    /// Connections over TLS are accepted and not read.
    UnreadTls,
    /// A byte a second.
    Trickle,
    /// The answer never ends.
    Endless,
    /// Connections are reset.
    Reset,
    /// Nobody answers connections.
    #[cfg(target_os = "linux")]
    Unreachable,
}

impl Hole {
    const ALL: &[Self] = &[
        Self::Unread,
        Self::UnreadTls,
        Self::Trickle,
        Self::Endless,
        Self::Reset,
        #[cfg(target_os = "linux")]
        Self::Unreachable,
    ];

    pub fn server(self) -> Server {
        let server = Server::builder();
        match self {
            Self::Unread | Self::UnreadTls => {
                server.fail_always(Fault::SilentBeforeReading).start()
            }
            Self::Trickle => {
                let trickle = Fault::SlowAnswer {
                    bytes_per_second: 1,
                };
                server.fail_always(trickle).start()
            }
            Self::Endless => server.fail_always(Fault::EndlessHeaders).start(),
            Self::Reset => server.fail_always(Fault::ResetAfterReading).start(),
            #[cfg(target_os = "linux")]
            Self::Unreachable => {
                let server = server.start().unwrap();
                server.become_unreachable().unwrap();
                Ok(server)
            }
        }
        .unwrap()
    }

    pub fn url(self, server: &Server) -> String {
        match self {
            Self::UnreadTls => server.url().replace("http:", "https:"),
            _ => server.url(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Runtime {
    None,
    CurrentThread,
    OneWorker,
}

impl Runtime {
    const ALL: [Self; 3] = [Self::None, Self::CurrentThread, Self::OneWorker];

    /// Runs this on the thread on which the runtime runs its tasks.
    pub fn run(self, task: impl FnOnce() + Send + 'static) {
        match self {
            Self::None => task(),
            Self::CurrentThread => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(async { task() }),
            Self::OneWorker => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()
                    .unwrap();
                let task = runtime.spawn(async { task() });
                runtime.block_on(task).unwrap();
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    pub hole: Hole,
    pub runtime: Runtime,
}

impl Case {
    pub fn all() -> impl Iterator<Item = Self> {
        Hole::ALL.iter().flat_map(|hole| {
            Runtime::ALL.map(|runtime| Self {
                hole: *hole,
                runtime,
            })
        })
    }

    /// The case of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|case| case.to_string() == name)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{:?}", self.hole, self.runtime)
    }
}
