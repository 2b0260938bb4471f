//! What a program can set, before anything is looked up or checked.

use std::time::Duration;

use secrecy::SecretString;

/// The API takes requests of up to 1 MB (Dynatrace documentation, "POST ingest data points"); the
/// rest is room for a reading of "MB" that is not ours.
const MAX_BYTES: usize = 1_000_000 - 16_384;

/// The OneAgent takes up to 1,000 lines a request (Dynatrace documentation, "OneAgent metric API").
const MAX_LINES: usize = 1_000;

/// What the program set. The pipeline's builder holds one of these, too.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) endpoint: Option<String>,
    pub(crate) api_token: Option<SecretString>,
    pub(crate) allow_cleartext_token: bool,
    pub(crate) prefix: Option<String>,
    pub(crate) default_dimensions: Vec<(String, String)>,
    pub(crate) request_timeout: Duration,
    pub(crate) max_lines_per_request: usize,
    pub(crate) max_bytes_per_request: usize,
    pub(crate) buffer_limit_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoint: None,
            api_token: None,
            allow_cleartext_token: false,
            prefix: None,
            default_dimensions: Vec::new(),
            request_timeout: Duration::from_secs(10),
            max_lines_per_request: MAX_LINES,
            max_bytes_per_request: MAX_BYTES,
            buffer_limit_bytes: 64 * 1024 * 1024,
        }
    }
}

/// The setters that this exporter's builder and the pipeline's builder share: use it inside the
/// `impl` of a `#[must_use]` struct whose field of the given name is an [`Options`].
macro_rules! shared_options {
    ($options:ident) => {
        /// Where to send: the full URL of a metrics ingest endpoint, such as
        /// `https://myenv123.live.dynatrace.com/api/v2/metrics/ingest`.
        ///
        /// Without it, `DT_METRICS_INGEST_URL` is used, else the OneAgent on this host.
        pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
            self.$options.endpoint = Some(endpoint.into());
            self
        }

        /// An access token with the scope `metrics.ingest`.
        ///
        /// Without it, `DT_METRICS_INGEST_API_TOKEN` is used. The token is never printed or
        /// logged, and never sent to a OneAgent, which needs none.
        pub fn api_token(mut self, token: impl Into<String>) -> Self {
            self.$options.api_token = Some(token.into().into());
            self
        }

        /// Allows a token to be sent over `http://` to another host, where anyone on the way can
        /// read it. Off by default: such a configuration is an error.
        pub fn allow_cleartext_token(mut self, allow: bool) -> Self {
            self.$options.allow_cleartext_token = allow;
            self
        }

        /// Put before the key of every metric, with a dot between.
        pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
            self.$options.prefix = Some(prefix.into());
            self
        }

        /// A dimension of every line. A dimension of the same key on a measurement wins.
        ///
        /// The key is lower case letters, digits, `_`, `-`, `:` and `.`; any other is an error later.
        /// An empty value is left out.
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

        /// Several dimensions of every line, added to those given before.
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
    };
}
pub(crate) use shared_options;
