//! The builder of an exporter, and the options that it shares with the builder of the pipeline.

use std::time::Duration;

use crate::dynatrace::config::options::Options;

/// The setters that this exporter's builder and the pipeline's builder share. Use it inside the
/// `impl` of a `#[must_use]` struct whose field of the given name is an [`Options`]. The second
/// argument makes such a struct in an example.
macro_rules! shared_options {
    ($options:ident, $example:literal) => {
        /// Sets the endpoint: the full URL of a metrics ingest API.
        ///
        /// | receiver | URL |
        /// | --- | --- |
        /// | Dynatrace | `https://myenv123.live.dynatrace.com/api/v2/metrics/ingest` |
        /// | ActiveGate | `https://host:9999/e/myenv123/api/v2/metrics/ingest` |
        /// | OneAgent | `http://localhost:14499/metrics/ingest` |
        ///
        /// The default is the environment variable `DT_METRICS_ENDPOINT` or `DT_METRICS_INGEST_URL`, else the
        /// key `DT_METRICS_INGEST_URL` in `/var/lib/dynatrace/enrichment/endpoint/endpoint.properties`, else
        /// the OneAgent on this host. If the file changes, the exporter uses the new endpoint.
        ///
        /// The URL of an environment without a path, such as `https://myenv123.live.dynatrace.com`,
        /// is completed. For a platform token, use the host `myenv123.apps.dynatrace.com`.
        ///
        /// Building the exporter fails if the URL is not `http` or `https`, has no host, contains a user or a
        /// password, or has a path that Dynatrace does not have.
        pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
            self.$options.give("endpoint");
            self.$options.endpoint = Some(endpoint.into().into());
            self
        }

        /// Sets the access token (`dt0c01.…`) or the platform token (`dt0s16.…`). It needs the scope
        /// `metrics.ingest`.
        ///
        /// The default is the environment variable `DT_METRICS_API_TOKEN` or `DT_METRICS_INGEST_API_TOKEN`,
        /// else the key `DT_METRICS_INGEST_API_TOKEN` in the file that [`endpoint`](Self::endpoint) describes.
        /// If the file changes, the exporter uses the new token, so tokens can rotate.
        ///
        /// White space and quotes around the token, and `Api-Token ` or `Bearer ` in front of it, are
        /// ignored. Building the exporter fails if the token cannot be sent in a header; the error does not
        /// contain the token. The token is never printed or logged, and never sent to a OneAgent, which does
        /// not need a token.
        pub fn api_token(mut self, token: impl Into<String>) -> Self {
            self.$options.give("api_token");
            self.$options.api_token = Some(token.into().into());
            self
        }

        /// Allows the exporter to send the token over `http://` to another host, where anyone on the network
        /// can read the token (default: `false`: building the exporter fails). An endpoint on this
        /// host (`localhost`, a loopback address) is always allowed. An endpoint that the file of the
        /// Kubernetes operator names together with the token is used, with a warning.
        ///
        /// Environment variable: `DT_METRICS_ALLOW_CLEARTEXT_TOKEN`, `true` or `false`.
        pub fn allow_cleartext_token(mut self, allow: bool) -> Self {
            self.$options.give("allow_cleartext_token");
            self.$options.allow_cleartext_token = allow;
            self
        }

        /// Trusts the certificates in this PEM text in addition to the certificates of the
        /// platform. For example, an ActiveGate or a proxy may use your company's own authority.
        ///
        /// A text may contain several certificates, and you may call this method several times. Building the
        /// exporter fails if a text does not contain a usable certificate.
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
        ///
        /// Environment variable: `DT_METRICS_ADD_ROOT_CERTIFICATE_PEM`, the path of a PEM file, or the
        /// PEM text.
        pub fn add_root_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
            self.$options.give("add_root_certificate_pem");
            self.$options
                .root_certificates
                .push(pem.as_ref().to_vec().into());
            self
        }

        /// Puts a prefix and a dot before the key of every metric (default: none).
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .prefix("shop"); // `orders` is sent as `shop.orders`
        /// # drop(builder);
        /// ```
        ///
        /// An empty prefix means no prefix, and a dot at its end is ignored. Building the exporter fails
        /// if the prefix is not a valid beginning of a metric key, or is `dt.`, which is reserved for
        /// Dynatrace; the error suggests a valid prefix. A key that is longer than 255 characters with the
        /// prefix is cut. [`testing`](crate::testing) and the catalogue show names without the prefix.
        ///
        /// Environment variable: `DT_METRICS_PREFIX`, such as `shop`.
        pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
            self.$options.give("prefix");
            self.$options.prefix = Some(prefix.into());
            self
        }

        /// Adds a dimension to every line. A dimension of a measurement with the same key takes precedence.
        ///
        /// A key consists of lower case letters, digits, `_`, `-`, `:` and `.`. Building the exporter fails
        /// with any other key. A dimension with an empty value is not sent, and a
        /// value longer than 255 characters is cut. A line may have 50 dimensions: if the
        /// default dimensions and the dimensions of the host leave no room for another one,
        /// building the exporter fails.
        pub fn default_dimension(self, key: impl Into<String>, value: impl Into<String>) -> Self {
            self.default_dimensions([(key, value)])
        }

        /// Adds several dimensions to every line, like
        /// [`default_dimension`](Self::default_dimension). If two have the same key, the later one
        /// wins.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .default_dimensions([("env", "prod"), ("region", "eu-west-1")]);
        /// # drop(builder);
        /// ```
        ///
        /// Environment variable: `DT_METRICS_DEFAULT_DIMENSIONS`, pairs such as `env=prod,team=a`, with
        /// `\,` for a comma in a value.
        pub fn default_dimensions<K, V>(
            mut self,
            dimensions: impl IntoIterator<Item = (K, V)>,
        ) -> Self
        where
            K: Into<String>,
            V: Into<String>,
        {
            self.$options.give("default_dimensions");
            for (key, value) in dimensions {
                let dimension = (key.into(), value.into());
                self.$options.default_dimensions.push(dimension);
            }
            self
        }

        /// Adds these attributes of OpenTelemetry's resource as dimensions to every line (default: none). You
        /// may call this method several times.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .resource_dimensions(["host.name", "k8s.pod.name"]);
        /// # drop(builder);
        /// ```
        ///
        /// `service.name` is always a dimension, unless its value is the SDK's default. Attributes
        /// that the resource does not have, or that are arrays, are ignored. Default dimensions and
        /// dimensions of a measurement with the same key take precedence.
        ///
        /// Environment variable: `DT_METRICS_RESOURCE_DIMENSIONS`, keys such as `host.name,k8s.pod.name`.
        pub fn resource_dimensions<K: Into<String>>(
            mut self,
            keys: impl IntoIterator<Item = K>,
        ) -> Self {
            self.$options.give("resource_dimensions");
            self.$options
                .resource_dimensions
                .extend(keys.into_iter().map(Into::into));
            self
        }

        /// Sets whether every line has the dimension `service.instance.id` (default: `false`). With this
        /// dimension, the gauges of several processes, such as replicas, do not overwrite each other.
        ///
        /// Its value is the attribute with that name in OpenTelemetry's resource, else a random
        /// UUID for the life of the process. Each start of a process begins new series, which
        /// Dynatrace bills.
        ///
        /// Environment variable: `DT_METRICS_INSTANCE_DIMENSION`, `true` or `false`.
        pub fn instance_dimension(mut self, add: bool) -> Self {
            self.$options.give("instance_dimension");
            self.$options.instance_dimension = add;
            self
        }

        /// Sets whether every line has Dynatrace's dimensions of this host or container, such as
        /// `dt.entity.host` and `k8s.pod.name` (default: `true`).
        ///
        /// The dimensions are read once, from the first existing file of this list; without such a file, none
        /// are added:
        ///
        /// | file | provided by |
        /// | --- | --- |
        /// | the file that a OneAgent names in `dt_metadata_e617c525669e072eebe3d0f08212e8f2.properties` | a OneAgent that monitors the process |
        /// | `/var/lib/dynatrace/enrichment/dt_metadata.properties` | the Kubernetes operator |
        /// | `/var/lib/dynatrace/enrichment/dt_host_metadata.properties` | a OneAgent on the host |
        ///
        /// On Windows, the directory is `%ProgramData%\dynatrace\enrichment`. The dimensions take
        /// precedence over all other dimensions. Reading a file takes a second at most, and an unusable file
        /// never makes building the exporter fail. [`check`](crate::check) lists the dimensions.
        ///
        /// Only keys that Dynatrace documents are used (`dt.entity.*`, `dt.smartscape.*`,
        /// `dt.security_context`, `dt.cost.*`, `dt.host_group.*`, `dt.kubernetes.*`, `k8s.*`,
        /// `primary_tags.*`, `host.name`, and the fields of cloud providers), 30 of them at most, and
        /// no value that contains a token.
        ///
        /// The file that a OneAgent names is only read below `/var/lib/dynatrace`, `/opt/dynatrace`
        /// or `/var/log/dynatrace`, never through a symbolic link, and only if no other user can
        /// write to it. A OneAgent's own file does not exist in the file system: an ordinary file
        /// with its name in the working directory is ignored with a warning, unless it and the
        /// directory belong to root or to the user of this process and nobody else can write to
        /// them.
        ///
        /// Environment variable: `DT_METRICS_EXPORT_DYNATRACE_METADATA`, `true` or `false`.
        pub fn export_dynatrace_metadata(mut self, export: bool) -> Self {
            self.$options.give("export_dynatrace_metadata");
            self.$options.dynatrace_metadata = Some(export);
            self
        }

        /// Also stores pending requests in this directory (default: pending requests are in memory only).
        /// Stored requests survive a restart and any end of the process, including `kill -9`.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .spool_dir("/var/spool/checkout");
        /// # drop(builder);
        /// ```
        ///
        /// The next process sends the stored requests first, in their order, for as long as
        /// Dynatrace accepts them (an hour). Several processes may share the directory: each process has
        /// its own part, and takes over the parts of processes that have ended.
        ///
        /// A part names the endpoint and the protocol of its requests. A process with another endpoint does
        /// not send these requests, and logs a warning. To send these requests, start a program with the
        /// earlier endpoint within the hour; otherwise remove the subdirectory. If the endpoint file
        /// of the host names another endpoint while the program runs, the exporter sends its pending requests to the new
        /// endpoint.
        ///
        /// A file that is damaged is counted (`spool_damaged`, at least one data point) and kept as
        /// `*.damaged` for a week, in a tenth of
        /// [`spool_limit_bytes`](Self::spool_limit_bytes). The directory is locked while the program
        /// runs, so a cleaner that removes old files does not make another process send them again.
        /// On a file system that several hosts share, exclude the files `lock` from cleaning.
        ///
        /// The directory is created if it is missing. On Unix, it and all of its parents must belong
        /// to root or to the user of this process, and must not be writable for a group or for
        /// others, since other users could redirect the files; a parent with the sticky bit, such as
        /// `/tmp`, is safe. Anything else is an error that names the directory. For example, a
        /// Kubernetes volume that is mounted with mode 0777 needs `chmod 1777` in an init container,
        /// and a subdirectory of it as the spool.
        ///
        /// Lines are written on a separate thread when they are collected. A collection waits for
        /// the disk for up to half a second, and the start of the exporter for up to a second. If
        /// the disk is full or fails, a warning is logged once and delivery continues from memory.
        ///
        /// On Linux, a pipeline that [`install`](crate::Builder::install) starts also keeps the cells of its
        /// counters there, in a mapped file `cells` of up to half of
        /// [`spool_limit_bytes`](Self::spool_limit_bytes). If the process dies in any way, the next one
        /// delivers the counts since the last push as well, with the time at which the process last
        /// counted. This needs ext2 to ext4, XFS, tmpfs or an overlay of them, and a pipeline with this
        /// exporter only. Values of histograms and gauges since the last push are lost.
        ///
        /// The files contain the lines as they are sent, so that this user can read the dimensions;
        /// they never contain the token. They are not synced: a power failure may lose the last half
        /// minute. If the process is killed between an answer and the removal of its file, that
        /// request is sent twice, unless [`delivery_guarantee`](Self::delivery_guarantee) forbids
        /// it. After a `fork` without `exec`, the part of the parent stays locked until the child
        /// has ended as well.
        ///
        /// Environment variable: `DT_METRICS_SPOOL_DIR`, a path.
        pub fn spool_dir(mut self, directory: impl Into<std::path::PathBuf>) -> Self {
            self.$options.give("spool_dir");
            self.$options.spool_dir = Some(directory.into());
            self
        }

        /// Limits the bytes that this process stores in [`spool_dir`](Self::spool_dir) (default:
        /// 256 MiB; 0 is an error when the exporter is built).
        ///
        /// Beyond the limit, the oldest requests are removed from the directory. If a request is
        /// not in memory either, it is dropped and counted (`buffer_full`).
        ///
        /// Environment variable: `DT_METRICS_SPOOL_LIMIT_BYTES`, a number of bytes, or a number with a
        /// unit such as `64MiB`.
        pub fn spool_limit_bytes(mut self, bytes: u64) -> Self {
            self.$options.give("spool_limit_bytes");
            self.$options.spool_limit_bytes = bytes;
            self
        }

        /// Sets whether a request that was sent but never answered is sent again or dropped, since the
        /// endpoint may have accepted it (default:
        /// [`AtLeastOnce`](crate::dynatrace::DeliveryGuarantee::AtLeastOnce), the request is sent again).
        ///
        /// Environment variable: `DT_METRICS_DELIVERY_GUARANTEE`, `at_least_once` or `at_most_once`.
        pub fn delivery_guarantee(
            mut self,
            guarantee: $crate::dynatrace::config::options::DeliveryGuarantee,
        ) -> Self {
            self.$options.give("delivery_guarantee");
            self.$options.guarantee = guarantee;
            self
        }

        /// Calls a function with each [`DeliveryEvent`](crate::dynatrace::DeliveryEvent), for the
        /// alerts of the program: when deliveries fail and when they recover, when data points are
        /// rejected or dropped, and when the spool fails.
        ///
        /// ```
        #[doc = concat!("let builder = ", $example)]
        ///     .on_delivery_event(|event| eprintln!("metrics: {event}"));
        /// # drop(builder);
        /// ```
        ///
        /// The function runs on the exporter's thread: nothing is sent until it returns, but the
        /// program does not wait for it. If it panics, delivery continues. A later call of this
        /// method replaces the function.
        pub fn on_delivery_event(
            mut self,
            on_event: impl Fn(&$crate::dynatrace::event::DeliveryEvent) + Send + Sync + 'static,
        ) -> Self {
            self.$options.give("on_delivery_event");
            self.$options.set_listener(on_event);
            self
        }
    };
}
pub(crate) use shared_options;

/// The configuration of an [`Exporter`](crate::dynatrace::Exporter), returned by
/// [`Exporter::builder`](crate::dynatrace::Exporter::builder). [`build`](Self::build) builds the exporter.
///
/// Options that the program does not set can come from the environment, as
/// [`dt_metrics::Builder`](crate::Builder) describes; `OTEL_METRICS_EXPORTER` and `DT_METRICS_OTLP` are
/// for the pipeline alone.
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

    /// Sends over OTLP (protobuf over HTTP) instead of the line protocol, for a provider of your
    /// own. [`dt_metrics::builder().otlp()`](crate::Builder::otlp) describes the endpoint and the
    /// differences.
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
        self.options.give("otlp");
        self.options.format = crate::dynatrace::config::protocol::Format::Otlp;
        self
    }

    /// Limits the time of one request, from connecting to the end of the answer (default: 10 s; zero
    /// is an error in [`build`](Self::build)).
    ///
    /// If a request takes longer, it may or may not have been accepted;
    /// [`delivery_guarantee`](Self::delivery_guarantee) decides what happens to it.
    ///
    /// Environment variable: `DT_METRICS_REQUEST_TIMEOUT`, a duration such as `10s`, `500ms` or `1m30s`;
    /// or `OTEL_METRIC_EXPORT_TIMEOUT`, in milliseconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.options.give("request_timeout");
        self.options.request_timeout = Some(timeout);
        self
    }

    /// Limits the time of connecting, TLS included (default: half of the request timeout; zero is an
    /// error in [`build`](Self::build)).
    ///
    /// Keep it shorter than [`request_timeout`](Self::request_timeout). Otherwise a host that does
    /// not respond cannot be distinguished from one that received the lines.
    ///
    /// Environment variable: `DT_METRICS_CONNECT_TIMEOUT`, a duration such as `10s`, `500ms` or `1m30s`.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.give("connect_timeout");
        self.options.connect_timeout = Some(timeout);
        self
    }

    /// Limits the lines in one request (default: 1,000 for the OneAgent, which accepts no more, and no
    /// limit for the API, where [`max_bytes_per_request`](Self::max_bytes_per_request) applies; 0 is an
    /// error in [`build`](Self::build)).
    ///
    /// With a limit of 1, units and descriptions are not sent. Over OTLP the limit is always 15,000 data
    /// points, the limit of Dynatrace.
    ///
    /// Environment variable: `DT_METRICS_MAX_LINES_PER_REQUEST`, a whole number.
    pub fn max_lines_per_request(mut self, lines: usize) -> Self {
        self.options.give("max_lines_per_request");
        self.options.max_lines_per_request = Some(lines);
        self
    }

    /// Limits the bytes in the body of one request (default: 983,616, a little under the API's limit
    /// of 1 MB; 0 is an error in [`build`](Self::build)).
    ///
    /// The limit is never more than [`buffer_limit_bytes`](Self::buffer_limit_bytes). A single line
    /// that is longer than the limit is dropped and counted (`line_too_long`), and a request that the endpoint
    /// rejects as too large is split. Over OTLP the limit is always 3,934,464, a little under
    /// Dynatrace's limit of 4 MB.
    ///
    /// Environment variable: `DT_METRICS_MAX_BYTES_PER_REQUEST`, a number of bytes, or a number with a
    /// unit such as `64MiB`.
    pub fn max_bytes_per_request(mut self, bytes: usize) -> Self {
        self.options.give("max_bytes_per_request");
        self.options.max_bytes_per_request = bytes;
        self
    }

    /// Limits the bytes of pending requests in memory (default: 64 MiB; 0 is an error in
    /// [`build`](Self::build)). Requests in flight, of which there are at most four, are not included.
    ///
    /// Beyond the limit, requests that are also in [`spool_dir`](Self::spool_dir) are kept there
    /// alone. If that is not enough, the oldest requests are dropped and counted (`buffer_full`).
    ///
    /// Environment variable: `DT_METRICS_BUFFER_LIMIT_BYTES`, a number of bytes, or a number with a unit
    /// such as `64MiB`.
    pub fn buffer_limit_bytes(mut self, bytes: usize) -> Self {
        self.options.give("buffer_limit_bytes");
        self.options.buffer_limit_bytes = bytes;
        self
    }
}
