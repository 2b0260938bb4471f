//! How a program makes an exporter.

use crate::dynatrace::config::options::Options;
use std::time::Duration;

// ===== from options::setters: //! The functions of a builder that set them.
/// The setters that this exporter's builder and the pipeline's builder share: use it inside the
/// `impl` of a `#[must_use]` struct whose field of the given name is an [`Options`]. The second
/// argument makes such a struct in an example.
macro_rules! shared_options {
    ($options:ident, $example:literal) => {
        /// Where to send: the full URL of a metrics ingest endpoint, such as
        /// `https://myenv123.live.dynatrace.com/api/v2/metrics/ingest`; of an ActiveGate
        /// `https://host:9999/e/myenv123/api/v2/metrics/ingest`; of a OneAgent
        /// `http://localhost:14499/metrics/ingest`.
        ///
        /// What is no `http` or `https` URL, names no host, or has a user or password in it, is an
        /// error later.
        ///
        /// Without it, `DT_METRICS_INGEST_URL` of the environment is used, else that of
        /// `/var/lib/dynatrace/enrichment/endpoint/endpoint.properties`, else the OneAgent on this
        /// host. What is in the file is used anew when the file changes.
        pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
            self.$options.endpoint = Some(endpoint.into().into());
            self
        }

        /// An access token with the scope `metrics.ingest`. White space around it is ignored; one
        /// that no header can carry is an error later, without its text.
        ///
        /// Without it, `DT_METRICS_INGEST_API_TOKEN` of the environment is used, else that of the
        /// file named at [`endpoint`](Self::endpoint), which is read again when it changes: tokens
        /// rotate. The token is never printed or logged, and never sent to a OneAgent, which needs
        /// none.
        pub fn api_token(mut self, token: impl Into<String>) -> Self {
            self.$options.api_token = Some(token.into().into());
            self
        }

        /// Allows a token to be sent over `http://` to another host, where anyone on the way can
        /// read it. Off by default: such a configuration is an error. An endpoint on this host
        /// (`localhost`, a loopback address) needs no leave.
        pub fn allow_cleartext_token(mut self, allow: bool) -> Self {
            self.$options.allow_cleartext_token = allow;
            self
        }

        /// Trusts the certificates of this PEM text besides those that the platform trusts, for
        /// an ActiveGate or a proxy with a certificate of the company's own. May be called more
        /// than once; a text may hold several certificates.
        ///
        /// A text without a usable certificate is an error later.
        ///
        /// ```no_run
        /// # fn main() -> std::io::Result<()> {
        /// let pem = std::fs::read("/etc/company/root.pem")?;
        #[doc = concat!("let builder = ", $example)]
        ///     .add_root_certificate_pem(pem);
        /// # drop(builder);
        /// # Ok(())
        /// # }
        /// ```
        pub fn add_root_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
            self.$options.root_certificates.push(pem.as_ref().into());
            self
        }

        /// Put before the key of every metric, with a dot between (default: none; an empty one is
        /// none, and a dot at its end is ignored).
        ///
        /// What cannot begin a metric key is an error later that suggests one that can, and so is
        /// `dt.`, which is Dynatrace's. [`testing`](crate::testing) and the catalogue show names
        /// without it. A metric whose key is longer than 255 characters with it is cut.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .prefix("shop"); // `orders` is sent as `shop.orders`
        /// # drop(builder);
        /// ```
        pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
            self.$options.prefix = Some(prefix.into());
            self
        }

        /// A dimension of every line. A dimension of the same key on a measurement wins.
        ///
        /// The key is lower case letters, digits, `_`, `-`, `:` and `.`; any other is an error later.
        /// An empty value is left out; one longer than 255 characters is cut. All dimensions of every
        /// line together have to leave room for at least one more, of 50, else it is an error later.
        pub fn default_dimension(
            mut self,
            key: impl Into<String>,
            value: impl Into<String>,
        ) -> Self {
            self.$options
                .default_dimensions
                .push((key.into(), value.into()));
            self
        }

        /// Several dimensions of every line, added to those given before. Of two with one key the
        /// later one counts.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .default_dimensions([("env", "prod"), ("region", "eu-west-1")]);
        /// # drop(builder);
        /// ```
        pub fn default_dimensions<K, V>(
            mut self,
            dimensions: impl IntoIterator<Item = (K, V)>,
        ) -> Self
        where
            K: Into<String>,
            V: Into<String>,
        {
            self.$options.default_dimensions.extend(
                dimensions
                    .into_iter()
                    .map(|(key, value)| (key.into(), value.into())),
            );
            self
        }

        /// Attributes of OpenTelemetry's resource that become dimensions of every line, besides
        /// `service.name`, which always does unless the SDK made it up. Added to those named
        /// before; those that the resource lacks, or that are arrays, are left out.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .resource_dimensions(["host.name", "k8s.pod.name"]);
        /// # drop(builder);
        /// ```
        ///
        /// Default dimensions and dimensions of a measurement win over them.
        pub fn resource_dimensions<K: Into<String>>(
            mut self,
            keys: impl IntoIterator<Item = K>,
        ) -> Self {
            self.$options
                .resource_dimensions
                .extend(keys.into_iter().map(Into::into));
            self
        }

        /// Whether every line has the dimension `service.instance.id` (default: no), so that the
        /// gauges of processes that are alike, such as replicas, do not overwrite each other.
        ///
        /// Its value is the attribute of that name of OpenTelemetry's resource, else one that is
        /// made up when the process first needs it: 32 random hexadecimal digits in the form of a
        /// UUID. Each process start makes new series, which Dynatrace bills.
        pub fn instance_dimension(mut self, add: bool) -> Self {
            self.$options.instance_dimension = add;
            self
        }

        /// Whether every line has the dimensions that Dynatrace knows of this host or container,
        /// such as `dt.entity.host` (default: if the endpoint is a OneAgent).
        ///
        /// They are read once, from the file that the OneAgent names
        /// (`dt_metadata_e617c525669e072eebe3d0f08212e8f2.properties`), else from
        /// `/var/lib/dynatrace/enrichment/dt_metadata.properties`. Without such a file there are
        /// none; one that cannot be read within a second is none. They win over all other
        /// dimensions.
        pub fn export_dynatrace_metadata(mut self, export: bool) -> Self {
            self.$options.dynatrace_metadata = Some(export);
            self
        }

        /// Keeps what was not delivered in this directory, so that it survives a restart and any
        /// death of the process, `kill -9` included (default: it is in memory only).
        ///
        /// What is found there is sent first, in order, as long as Dynatrace takes it (an hour).
        /// The directory is made if it is missing, and is for the user of this process alone:
        /// one that others can write to is refused. Several processes may share it; each has a
        /// part of its own, and takes over what was left by those that have ended.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .spool_dir("/var/spool/checkout");
        /// # drop(builder);
        /// ```
        ///
        /// Lines are written when they are collected, on a thread of their own; the collection
        /// waits for that up to half a second, and the start for what is found up to a second.
        /// If the disk is full or gone, a warning says so once, and delivery goes on from memory.
        ///
        /// The lines are as in the requests: this user can read their dimensions, the token is
        /// never there. Files are not synced: a loss of power may cost the last half minute. If
        /// the process is killed between an answer and the removal of its file, that one request
        /// is sent twice, unless [`delivery_guarantee`](Self::delivery_guarantee) says otherwise.
        /// After a `fork` without `exec`, the part of the parent is free when the child has ended,
        /// too.
        pub fn spool_dir(mut self, directory: impl Into<std::path::PathBuf>) -> Self {
            self.$options.spool_dir = Some(directory.into());
            self
        }

        /// The most bytes of lines that one process keeps in
        /// [`spool_dir`](Self::spool_dir) (default 256 MiB; 0 is an error later). Without such a
        /// directory it does nothing. When they are more, the oldest are
        /// removed from there; what is not in memory either is dropped and counted
        /// (`buffer_full`).
        pub fn spool_limit_bytes(mut self, bytes: u64) -> Self {
            self.$options.spool_limit_bytes = bytes;
            self
        }

        /// What becomes of a request that was sent but not answered, so that nobody knows whether
        /// its lines were counted (default: it is sent again, since a loss is worse than a
        /// duplicate).
        pub fn delivery_guarantee(mut self, policy: $crate::dynatrace::DeliveryGuarantee) -> Self {
            self.$options.guarantee = policy;
            self
        }

        /// A function that is told when deliveries fail, when lines are refused or lost, when data
        /// points are dropped, when the spool fails, and when deliveries are accepted again; for
        /// the program's own alerts.
        ///
        /// It runs on the exporter's thread: while it runs nothing is sent, but nobody else waits.
        /// A panic in it is caught. A later call replaces an earlier one.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .on_delivery_event(|event| eprintln!("metrics: {event}"));
        /// # drop(builder);
        /// ```
        pub fn on_delivery_event(
            mut self,
            watch: impl Fn(&$crate::dynatrace::DeliveryEvent) + Send + Sync + 'static,
        ) -> Self {
            self.$options.set_listener(watch);
            self
        }
    };
}
pub(crate) use shared_options;

/// Makes an [`Exporter`]; from [`Exporter::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use dt_metrics::dynatrace::Exporter;
///
/// # fn make(token: String) -> Result<Exporter, dt_metrics::dynatrace::ConfigError> {
/// let exporter = Exporter::builder()
///     .endpoint("https://myenv123.live.dynatrace.com/api/v2/metrics/ingest")
///     .api_token(token)
///     .prefix("shop")
///     .default_dimension("env", "prod")
///     .request_timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok(exporter)
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is sent before `build`"]
pub struct ExporterBuilder {
    pub(crate) options: Options,
}

impl ExporterBuilder {
    shared_options!(options, "dt_metrics::dynatrace::Exporter::builder()");

    /// Sends by OTLP (protobuf over HTTP) in place of the line protocol, for a provider of the
    /// program's own. Where to, and what differs, is as for
    /// [`dt_metrics::builder().otlp()`](crate::Builder::otlp).
    ///
    /// ```
    /// use dt_metrics::dynatrace::Exporter;
    /// use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
    ///
    /// # fn main() -> Result<(), dt_metrics::dynatrace::ConfigError> {
    /// let exporter = Exporter::builder().otlp().build()?;
    /// let provider = SdkMeterProvider::builder()
    ///     .with_reader(PeriodicReader::builder(exporter).build())
    ///     .build();
    /// # drop(provider);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "otlp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
    pub fn otlp(mut self) -> Self {
        self.options.format = crate::dynatrace::config::protocol::Format::Otlp;
        self
    }

    /// How long one request may take, from connecting to the end of the answer (default 10 s; zero
    /// is an error later). A request that takes longer counts as not answered: see
    /// [`delivery_guarantee`](Self::delivery_guarantee).
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_timeout = Some(timeout);
        self
    }

    /// How long connecting may take, TLS included (default: half of the request's time; zero is an
    /// error later). Keep it shorter than [`request_timeout`](Self::request_timeout): only so is it
    /// known that a host that does not answer got no lines.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = Some(timeout);
        self
    }

    /// The most lines in one request (default 1,000, the limit of the OneAgent; 0 is an error
    /// later). With 1 there is no room for units and descriptions. By OTLP it is
    /// always 15,000 data points, the limit of Dynatrace.
    pub fn max_lines_per_request(mut self, lines: usize) -> Self {
        self.options.max_lines_per_request = lines;
        self
    }

    /// The most bytes in the body of one request (default 983,616, a little under 1 MB, the limit of
    /// the API; 0 is an error later; never more than
    /// [`buffer_limit_bytes`](Self::buffer_limit_bytes)). A single line that is longer is dropped
    /// and counted (`line_too_long`); a request that an endpoint finds too large is split. By OTLP
    /// it is always 3,934,464, a little under the 4 MB there.
    pub fn max_bytes_per_request(mut self, bytes: usize) -> Self {
        self.options.max_bytes_per_request = bytes;
        self
    }

    /// The most bytes of lines that wait in memory to be sent (default 64 MiB; 0 is an error later).
    /// When they are more,
    /// those that are also on disk ([`spool_dir`](Self::spool_dir)) are left there; if that is not
    /// enough, the oldest are dropped and counted. The request that is being sent comes on top.
    pub fn buffer_limit_bytes(mut self, bytes: usize) -> Self {
        self.options.buffer_limit_bytes = bytes;
        self
    }
}
