//! Hands the catalogue of the program over to the local endpoint, which shows functions and their
//! places in the source.
//!
//! Dynatrace never receives it: the endpoint must be on this host and identify itself as
//! `dt-metrics-local`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderName};

use crate::dynatrace::config::Config;
use crate::dynatrace::config::dimensions::RESERVED;
use crate::dynatrace::transport::classify::Response;
use crate::dynatrace::transport::http::Http;
use crate::line::MetricKey;
use crate::registry::{catalog, catalog_json_with_keys, json_string};
use crate::thread::RuntimeThread;

const PATH: &str = "/api/catalog";

/// Identifies a run of the local endpoint: another run has no catalogue yet.
const INSTANCE: HeaderName = HeaderName::from_static("x-dt-metrics-local-instance");

/// How often at most the catalogue is compared with the one that was handed over. Instruments that
/// are built at run time make it longer.
const COMPARE_INTERVAL: Duration = Duration::from_secs(5);

/// How long a push waits for the hand-over, so that a short program does not end before it.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long the hand-over itself may take, in the background.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The number of source files that are looked for on this host.
const MAX_FILES: usize = 4;

/// Whether the local endpoint has the catalogue.
#[derive(Default)]
pub(super) struct CatalogHandOver {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The run of the endpoint that has the catalogue; `None` before the first hand-over and after
    /// a failed one.
    receiver: Option<Vec<u8>>,
    compared: Option<Instant>,
    /// The hash of the catalogue that it has.
    has: Option<u64>,
}

impl CatalogHandOver {
    /// Hands the catalogue over if a local endpoint sent this response and does not have it. The
    /// push waits only for a moment, and no failure affects it.
    pub(super) async fn after(&self, response: &Response, http: &Arc<Http>, io: &RuntimeThread) {
        let endpoint = &http.config().target.endpoint;
        let is_local = endpoint.is_loopback() && response.is_of_local_endpoint();
        if !is_local || !response.status.is_success() || !self.is_due(response) {
            return;
        }
        let (state, http) = (self.state.clone(), http.clone());
        let (done, waiting) = tokio::sync::oneshot::channel();
        io.begin(async move {
            let _ = tokio::time::timeout(TIMEOUT, hand_over(&state, &http)).await;
            // Fails if the push went on.
            let _ = done.send(());
        });
        let _ = tokio::time::timeout(PATIENCE, waiting).await;
    }

    /// Whether the endpoint was started or reset since the last hand-over, or the catalogue may be
    /// longer by now.
    fn is_due(&self, response: &Response) -> bool {
        let instance = response.headers.get(&INSTANCE);
        let instance = instance.map_or(&[][..], |instance| instance.as_bytes());
        let mut state = lock(&self.state);
        if state.receiver.as_deref() != Some(instance) {
            state.receiver = Some(instance.to_owned());
            state.has = None;
        } else if state
            .compared
            .is_some_and(|compared| compared.elapsed() < COMPARE_INTERVAL)
        {
            return false;
        }
        state.compared = Some(Instant::now());
        true
    }
}

async fn hand_over(state: &Mutex<State>, http: &Http) {
    let config = http.config().clone();
    let url = url(&config);
    // Looks for source files, on a file system that may hang.
    let Ok(body) = tokio::task::spawn_blocking(move || body(&config)).await else {
        return;
    };
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let hash = hasher.finish();
    if lock(state).has == Some(hash) {
        return;
    }
    let Ok(client) = http.prepare() else {
        return;
    };
    let request = client
        .put(url)
        .header(CONTENT_TYPE, "application/json")
        .timeout(TIMEOUT)
        .body(body);
    let sent = request.send().await;
    let mut state = lock(state);
    // Any answer is final: an older endpoint does not accept catalogues.
    match sent {
        Ok(_) => state.has = Some(hash),
        Err(_) => state.receiver = None,
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn url(config: &Config) -> Url {
    let mut url = config.target.endpoint.url().clone();
    url.set_path(PATH);
    url.set_query(None);
    url
}

/// The catalogue with the keys that the exporter sends, and the program that it is of.
fn body(config: &Config) -> String {
    let prefix = config.options.prefix.as_deref().unwrap_or_default();
    let key = |name: &str| {
        let key = MetricKey::with_prefix(prefix, name)?;
        (!key.as_str().starts_with(RESERVED)).then(|| key.as_str().to_owned())
    };
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_stem);
    let sources = sources();
    let text = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), json_string);
    format!(
        "{{\"program\":{},\"service\":{},\"prefix\":{},\"sources\":{},\"instruments\":{}}}",
        text(program.and_then(|program| program.to_str())),
        text(config.options.pipeline.service_name.as_deref()),
        text(config.options.prefix.as_deref()),
        text(sources.as_deref().and_then(Path::to_str)),
        catalog_json_with_keys(key).trim_end(),
    )
}

/// The folder that the compiler's relative paths start from, if the sources are on this host: a
/// folder above the current one, or above the package that Cargo runs.
fn sources() -> Option<PathBuf> {
    let mut files: Vec<_> = catalog()
        .into_iter()
        .map(|descriptor| Path::new(descriptor.file))
        .filter(|file| file.is_relative() && !file.as_os_str().is_empty())
        .collect();
    files.dedup();
    files.truncate(MAX_FILES);
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let starts = [std::env::current_dir().ok(), package];
    starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .find(|folder| files.iter().any(|file| folder.join(file).is_file()))
        .map(Path::to_owned)
}
