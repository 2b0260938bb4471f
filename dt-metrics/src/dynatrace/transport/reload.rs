//! Endpoint and token that change while the program runs.

use crate::dynatrace::config::Config;
use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::endpoint_file::{EndpointFile, Found, SETTLE};
use crate::dynatrace::config::target::Target;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::error::ConfigError;
use crate::dynatrace::retry::outcome::Outcome;
use crate::dynatrace::transport::io_thread::Apart;
use crate::dynatrace::transport::{Http, Transport, client};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the file is read: it is small, and a token that was replaced stays valid for longer
/// than this as a rule.
const INTERVAL: Duration = Duration::from_secs(2);

/// How long a refused request waits for the file: it may lie on a file system that does not
/// answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Sends to wherever the host says at the moment.
pub(crate) struct Rotating {
    http: Mutex<Arc<Http>>,
    apart: Apart,
    /// Held while the file is read, so that it is read by one at a time.
    file: tokio::sync::Mutex<File>,
}

/// What is known of the file.
struct File {
    /// What it said when it was last used.
    used: Found,
    /// What it said when it could not be used, which is said once.
    unusable: Option<Found>,
}

impl Rotating {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let http = Http::new(config);
        // To read them takes tens of milliseconds, which a program that starts need not wait for;
        // that there are none it must learn.
        if !config.target.endpoint.is_https() || !client::are_roots_there() {
            http.prepare()?;
        }
        Ok(Self {
            http: Mutex::new(Arc::new(http)),
            apart: Apart::new().map_err(ConfigError::Thread)?,
            file: tokio::sync::Mutex::new(File {
                used: config.found.clone(),
                unusable: None,
            }),
        })
    }

    /// Where requests go at the moment.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.http().config().target.endpoint.clone()
    }

    pub(crate) fn is_unconfigured(&self) -> bool {
        self.http().config().target.is_unconfigured()
    }

    /// Follows the file for as long as the exporter runs.
    pub(crate) async fn watch(self: Arc<Self>, on_change: impl Fn()) {
        let http = self.http();
        self.apart.begin(async move {
            if let Err(error) = http.prepare() {
                tracing::warn!(target: "dt_metrics", "{error}");
            }
        });
        if self.http().config().finder.file().is_none() {
            return;
        }
        loop {
            tokio::time::sleep(INTERVAL).await;
            let here = self.clone();
            // A task of its own: what panics is a subscriber of the program, and ends only that.
            let renewed = tokio::spawn(async move { here.renew().await }).await;
            if matches!(renewed, Ok(true)) {
                // What waits because of the old ones need wait no longer.
                on_change();
            }
        }
    }

    /// Looks whether the file says something else by now; `true` if that is used from here on.
    async fn renew(&self) -> bool {
        let http = self.http();
        let finder = &http.config().finder;
        let Some(path) = finder.file() else {
            return false;
        };
        let mut file = self.file.lock().await;
        let Some(found) = changed(path, &file.used).await else {
            return false;
        };
        let renewed = http.config().target(&found).and_then(|target| {
            let http = http.renewed(&Config {
                target,
                // An old token need not stay.
                found: Found::default(),
                ..http.config().clone()
            });
            http.prepare()?;
            Ok(Arc::new(http))
        });
        match renewed {
            Ok(http) => {
                *self.http.lock().unwrap_or_else(PoisonError::into_inner) = http.clone();
                file.used = found;
                file.unusable = None;
                say(&http.config().target);
                true
            }
            Err(error) => {
                if file.unusable.as_ref() != Some(&found) {
                    file.unusable = Some(found);
                    tracing::warn!(
                        target: "dt_metrics",
                        "what this host says anew of endpoint and token is not used: {error}"
                    );
                }
                false
            }
        }
    }

    async fn attempt(&self, http: Arc<Http>, body: Body) -> Outcome {
        let time = http.config().request_timeout;
        let here = http.clone();
        // The client keeps it itself, and says why, if the server lets it.
        let work = async move { here.attempt(&body).await.outcome };
        let outcome = self.apart.run(time + time / 20, work).await;
        outcome.unwrap_or_else(|| http.late())
    }

    fn http(&self) -> Arc<Http> {
        self.http
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Transport for Arc<Rotating> {
    async fn send(&self, body: &Body) -> Outcome {
        let http = self.http();
        let outcome = self.attempt(http.clone(), body.clone()).await;
        match outcome {
            Outcome::Unauthorized { status, message } => {
                let renewed = tokio::time::timeout(TIMEOUT, self.renew()).await == Ok(true);
                // Somebody else may have looked meanwhile.
                if renewed || !Arc::ptr_eq(&http, &self.http()) {
                    Outcome::Outdated { status, message }
                } else {
                    Outcome::Unauthorized { status, message }
                }
            }
            outcome => outcome,
        }
    }
}

/// What the file says now, if that is something else and all of it is there.
async fn changed(path: &EndpointFile, used: &Found) -> Option<Found> {
    let mut found = read(path).await.ok()?;
    while found != *used {
        tokio::time::sleep(SETTLE).await;
        let again = read(path).await.ok()?;
        if again == found {
            return found.covers(used).then_some(found);
        }
        found = again;
    }
    None
}

/// Reads on a thread that may block.
async fn read(path: &EndpointFile) -> io::Result<Found> {
    let path = path.clone();
    tokio::task::spawn_blocking(move || path.read())
        .await
        .map_err(io::Error::other)?
}

fn say(target: &Target) {
    tracing::info!(
        target: "dt_metrics",
        endpoint = %target.endpoint,
        endpoint_source = target.endpoint_source.describe(),
        token_source = target.describe_token(),
        "endpoint or token changed"
    );
    if let Some(doubt) = target.doubt() {
        tracing::warn!(target: "dt_metrics", "{doubt}");
    }
}

#[cfg(test)]
mod tests;
