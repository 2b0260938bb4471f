//! Follows the endpoint and the token in the file of the host while the program runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::dynatrace::config::Config;
use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::endpoint_file::EndpointProperties;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::retry::outcome::{Attempt, Outcome};
use crate::dynatrace::transport::Transport;
use crate::dynatrace::transport::catalog::CatalogHandOver;
use crate::dynatrace::transport::client::IDLE_TIMEOUT;
use crate::dynatrace::transport::http::Http;
use crate::dynatrace::transport::tls::has_platform_roots;
use crate::thread::RuntimeThread;

/// How often the file is read. It is small, and a replaced token usually stays valid for longer
/// than this.
const INTERVAL: Duration = Duration::from_secs(2);

/// How long a rejected request waits for the file, which may be on a file system that hangs.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends to the endpoint and with the token that the file names at the moment.
pub(crate) struct ReloadingTransport {
    http: Mutex<Arc<Http>>,
    /// While a server sends without a pause, no timer of the client's thread fires, so the deadline
    /// of an attempt is kept on another thread. This one runs while requests are in flight.
    io: RuntimeThread,
    catalog: CatalogHandOver,
    /// Held while the file is read, so that one task reads it at a time.
    file: tokio::sync::Mutex<FileState>,
}

struct FileState {
    /// The contents that are in use.
    used: EndpointProperties,
    /// The contents that could not be used, so that they are logged once.
    unusable: Option<EndpointProperties>,
}

impl ReloadingTransport {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let http = Http::new(config);
        // Reading the certificates of the platform takes tens of milliseconds, so `watch` does it
        // while the program starts. If there are none, the start has to fail.
        if !config.target.endpoint.is_https() || !has_platform_roots() {
            http.prepare()?;
        }
        Ok(Self {
            http: Mutex::new(Arc::new(http)),
            io: RuntimeThread::new("dt-metrics-http", IDLE_TIMEOUT),
            catalog: CatalogHandOver::default(),
            file: tokio::sync::Mutex::new(FileState {
                used: config.endpoint_properties.clone(),
                unusable: None,
            }),
        })
    }

    /// Where requests are sent at the moment.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.http().config().target.endpoint.clone()
    }

    pub(crate) fn is_unconfigured(&self) -> bool {
        self.http().config().target.is_unconfigured()
    }

    /// Makes the HTTP client in the background. Then reads the file at intervals, until dropped, and
    /// calls `on_change` each time another endpoint or token is in use.
    pub(crate) async fn watch(self: Arc<Self>, on_change: impl Fn() + Send) {
        let http = self.http();
        self.io.begin(async move {
            if let Err(error) = http.prepare() {
                tracing::warn!(target: "dt_metrics", "{error}");
            }
        });
        if self.http().config().endpoint_file().is_none() {
            return;
        }
        let mut used = self.http();
        loop {
            tokio::time::sleep(INTERVAL).await;
            let this = self.clone();
            // In a task of its own: a panic of the program's subscriber ends this reading only.
            let _ = tokio::spawn(async move { this.reload().await }).await;
            // The file is also read after a rejected request.
            let http = self.http();
            if !Arc::ptr_eq(&used, &http) {
                used = http;
                on_change();
            }
        }
    }

    /// Reads the file; `true` if its contents changed and are used from now on.
    async fn reload(&self) -> bool {
        let http = self.http();
        let config = http.config();
        let Some(file) = config.endpoint_file() else {
            return false;
        };
        let mut state = self.file.lock().await;
        let (file, used) = (file.clone(), state.used.clone());
        let reading = tokio::task::spawn_blocking(move || file.read_change(&used));
        let Ok(Some(changed)) = reading.await else {
            return false;
        };
        let renewed = config
            .with_endpoint_properties(&changed)
            .and_then(|config| {
                let http = http.renewed(&config);
                http.prepare()?;
                Ok(Arc::new(http))
            });
        match renewed {
            Ok(http) => {
                *self.http.lock().unwrap_or_else(PoisonError::into_inner) = http.clone();
                *state = FileState {
                    used: changed,
                    unusable: None,
                };
                tracing::info!(target: "dt_metrics", "the endpoint file changed");
                http.config().log(None);
                true
            }
            Err(error) => {
                if state.unusable.as_ref() != Some(&changed) {
                    state.unusable = Some(changed);
                    tracing::warn!(
                        target: "dt_metrics",
                        "ignoring the updated endpoint file: {error}"
                    );
                }
                false
            }
        }
    }

    fn http(&self) -> Arc<Http> {
        self.http
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Transport for Arc<ReloadingTransport> {
    fn max_in_flight(&self) -> usize {
        self.http().config().max_in_flight()
    }

    async fn send(&self, body: &Body) -> Attempt {
        let http = self.http();
        let (client, body) = (http.clone(), body.clone());
        // The client keeps the timeout itself and reports the reason, but not while a server keeps
        // it busy. It has a twentieth more to report before its work is given up.
        let timeout = http.config().request_timeout;
        let attempt = async move { client.attempt(&body).await };
        let attempt = match self.io.run(timeout + timeout / 20, attempt).await {
            Ok(Some(attempt)) => attempt,
            Ok(None) => http.timed_out(),
            Err(error) => http.unprepared(&ConfigError::Thread(error)),
        };
        if let Some(response) = &attempt.response {
            self.catalog.after(response, &http, &self.io).await;
        }
        let Outcome::Unauthorized { status, message } = attempt.outcome else {
            return Attempt {
                outcome: attempt.outcome,
                warnings: attempt.warnings,
            };
        };
        let reloaded = tokio::time::timeout(RELOAD_TIMEOUT, self.reload()).await == Ok(true);
        // The watching task may have reloaded the file meanwhile.
        if reloaded || !Arc::ptr_eq(&http, &self.http()) {
            Outcome::Outdated { status, message }.into()
        } else {
            Outcome::Unauthorized { status, message }.into()
        }
    }
}

#[cfg(test)]
mod tests;
