//! Where the commands that generate configuration read metrics from: a file, standard input, or a running
//! endpoint.

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use dt_metrics_local::configuration::{Metrics, MetricsError};
use reqwest::{Client, Url};
use thiserror::Error;

use super::format::Printable;

const TIMEOUT: Duration = Duration::from_secs(10);

/// The arguments that name the metrics.
#[derive(Debug, clap::Args)]
pub(crate) struct SourceArgs {
    /// A file with the output of `dt_metrics::catalog_json()`; without it, or with `-`, standard
    /// input
    #[arg(value_name = "CATALOGUE")]
    catalogue: Option<PathBuf>,

    /// Use the catalogues and the metrics that a running dt-metrics-local received, instead of a
    /// catalogue
    #[arg(long, value_name = "URL", conflicts_with_all = ["catalogue", "prefix"])]
    from: Option<String>,

    /// The prefix of the metric keys, as set in the program with `prefix`
    #[arg(long)]
    prefix: Option<String>,

    /// The program sends over OTLP, so Dynatrace can estimate percentiles of histograms
    #[arg(long)]
    otlp: bool,
}

/// The reason why there are no metrics.
#[derive(Debug, Error)]
pub(super) enum SourceError {
    #[error(
        "no catalogue was given: name a file, pipe one in (`my-program --catalog | dt-metrics-local \
         dashboard`), or use `--from`"
    )]
    NoCatalogue,
    #[error("{path} cannot be read", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    #[error("{name} is not a catalogue as `dt_metrics::catalog_json()` writes it")]
    Catalogue { name: String, source: MetricsError },
    #[error(transparent)]
    Prefix(MetricsError),
    #[error("{url:?} is not the URL of a dt-metrics-local, such as http://127.0.0.1:14499")]
    Url { url: String },
    #[error("{url} does not list its metrics: check that a dt-metrics-local is running there")]
    Endpoint { url: String, source: reqwest::Error },
    #[error("{url} is not a dt-metrics-local: check the URL")]
    Answer { url: String, source: MetricsError },
    #[error("cannot start the async runtime for the request")]
    Runtime(#[source] io::Error),
    #[error("the catalogue contains no metrics: check that the program has annotations")]
    Empty,
}

impl SourceArgs {
    /// Reads the metrics. Reports on standard error which ones are left out.
    pub(super) fn read(&self) -> Result<Metrics, SourceError> {
        let metrics = match &self.from {
            Some(url) => from_endpoint(url)?,
            None => self.read_catalogue()?,
        };
        if metrics.is_empty() {
            return Err(SourceError::Empty);
        }
        report_left_out(&metrics);
        if self.from.is_none() && self.prefix.is_none() {
            mention_prefix();
        }
        Ok(if self.otlp {
            metrics.over_otlp()
        } else {
            metrics
        })
    }

    fn read_catalogue(&self) -> Result<Metrics, SourceError> {
        let path = self.catalogue.as_deref();
        let (text, name) = match path.filter(|path| *path != Path::new("-")) {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| SourceError::Read {
                    path: path.to_owned(),
                    source,
                })?;
                (text, path.display().to_string())
            }
            None if io::stdin().is_terminal() => return Err(SourceError::NoCatalogue),
            None => {
                let mut text = String::new();
                io::stdin()
                    .read_to_string(&mut text)
                    .map_err(SourceError::Input)?;
                (text, "standard input".to_owned())
            }
        };
        Metrics::from_catalog(&text, self.prefix.as_deref()).map_err(|source| match source {
            MetricsError::Prefix { .. } => SourceError::Prefix(source),
            source => SourceError::Catalogue { name, source },
        })
    }
}

/// Queries the endpoint at this address; the path of the address is ignored.
fn from_endpoint(address: &str) -> Result<Metrics, SourceError> {
    let invalid = || SourceError::Url {
        url: address.to_owned(),
    };
    let mut url = Url::parse(address).map_err(|_| invalid())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid());
    }
    url.set_query(None);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(SourceError::Runtime)?;
    let mut get = |path| {
        url.set_path(path);
        runtime
            .block_on(get(url.clone()))
            .map_err(|source| SourceError::Endpoint {
                url: address.to_owned(),
                source: source.without_url(),
            })
    };
    let (catalogs, series) = (get("/api/catalog")?, get("/api/series")?);
    let foreign = |source| SourceError::Answer {
        url: address.to_owned(),
        source,
    };
    let mut metrics = Metrics::from_catalog(&catalogs, None).map_err(foreign)?;
    metrics.add_received(&series).map_err(foreign)?;
    Ok(metrics)
}

async fn get(url: Url) -> Result<String, reqwest::Error> {
    let client = Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let response = client.get(url).send().await?;
    response.error_for_status()?.text().await
}

#[expect(clippy::print_stderr, reason = "standard output is the configuration")]
fn mention_prefix() {
    eprintln!(
        "dt-metrics-local: the queries use the keys of the catalogue; if the program sets a prefix, add --prefix"
    );
}

#[expect(clippy::print_stderr, reason = "standard output is the configuration")]
fn report_left_out(metrics: &Metrics) {
    for left_out in metrics.left_out() {
        eprintln!("dt-metrics-local: left out: {}", Printable(left_out));
    }
}
