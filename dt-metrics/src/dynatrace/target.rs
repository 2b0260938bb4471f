//! Where to send and with which token, as the program, the environment and the host say.

use secrecy::{ExposeSecret, SecretString};

use super::ConfigError;
use super::credentials::Token;
use super::endpoint::{Endpoint, ONE_AGENT_URL};
use super::endpoint_file::{ENDPOINT_FILE, EndpointFile, Found};
use super::options::Options;

pub(super) const URL_VARIABLE: &str = "DT_METRICS_INGEST_URL";
pub(super) const TOKEN_VARIABLE: &str = "DT_METRICS_INGEST_API_TOKEN";

/// The environment variables, or what a test puts in their place.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of the process. What is not Unicode is seen as not valid later on, not as unset.
pub(crate) fn process_environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    Program,
    Environment(&'static str),
    File,
    /// Nothing was configured: a OneAgent may be there.
    OneAgentDefault,
    /// The same by OTLP: a Collector may be there.
    #[cfg(feature = "otlp")]
    CollectorDefault,
}

impl Source {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Program => "the program",
            Self::Environment(variable) => variable,
            Self::File => ENDPOINT_FILE,
            Self::OneAgentDefault => "the default",
            #[cfg(feature = "otlp")]
            Self::CollectorDefault => "the default",
        }
    }
}

/// Where to send and with which token. Changes while the program runs, if it is in the file.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) endpoint_source: Source,
    /// The token to send, if one is to be sent.
    pub(super) token: Option<Token>,
    /// Where a token was found, sent or not.
    pub(super) token_source: Option<Source>,
    /// Whether the token of the file goes elsewhere than the file says.
    astray: bool,
}

/// What program and environment say, and where else to look.
#[derive(Clone, Debug)]
pub(super) struct Finder {
    endpoint: Option<(SecretString, Source)>,
    token: Option<(SecretString, Source)>,
    file: EndpointFile,
    allow_cleartext_token: bool,
}

impl Finder {
    pub(super) fn new(options: &Options, environment: Environment) -> Self {
        let variable = |name: &'static str| {
            let text = SecretString::from(environment(name)?);
            let text = unquoted(text.expose_secret())?.into();
            Some((text, Source::Environment(name)))
        };
        let set = |text: Option<&SecretString>| Some((text?.clone(), Source::Program));
        Self {
            endpoint: set(options.endpoint.as_ref().map(|given| &given.0))
                .or_else(|| variable(URL_VARIABLE)),
            token: set(options.api_token.as_ref()).or_else(|| variable(TOKEN_VARIABLE)),
            file: options.endpoint_file.clone(),
            allow_cleartext_token: options.allow_cleartext_token,
        }
    }

    /// The file, if what it says matters.
    pub(super) fn file(&self) -> Option<&EndpointFile> {
        let matters = self.endpoint.is_none() || self.token.is_none();
        Some(&self.file).filter(|file| matters && !file.is_none())
    }

    /// Endpoint and token, each from the first place that has it.
    pub(super) fn target(&self, found: &Found) -> Result<Target, ConfigError> {
        let in_file = |text: &Option<SecretString>| Some((text.clone()?, Source::File));
        let (text, endpoint_source) = self
            .endpoint
            .clone()
            .or_else(|| in_file(&found.url))
            .unwrap_or_else(|| (ONE_AGENT_URL.into(), Source::OneAgentDefault));
        let endpoint =
            Endpoint::parse(text.expose_secret()).map_err(|source| ConfigError::Endpoint {
                origin: endpoint_source.describe(),
                source,
            })?;

        let token = self.token.clone().or_else(|| in_file(&found.token));
        let token_source = token.as_ref().map(|(_, source)| *source);
        let mut token = token
            .map(|(text, source)| {
                Token::new(&text).map_err(|reason| ConfigError::Token {
                    origin: source.describe(),
                    reason,
                })
            })
            .transpose()?
            // A OneAgent needs none, so it gets none.
            .filter(|_| !endpoint.is_one_agent());

        if endpoint.is_readable_by_others() && !self.allow_cleartext_token {
            // A token that happens to be on the host was not meant for an endpoint that the
            // program chose, and must not stop it.
            if token_source == Some(Source::File) && endpoint_source != Source::File {
                token = None;
            }
            if token.is_some() || endpoint.has_token() {
                return Err(ConfigError::CleartextToken {
                    endpoint: endpoint.to_string(),
                });
            }
        }
        // Named in the file, but not used.
        let named = found.url.as_ref().map(ExposeSecret::expose_secret);
        let elsewhere = named
            .and_then(|text| Endpoint::parse(text).ok())
            .is_some_and(|named| named != endpoint);
        let from_file = token.is_some() && token_source == Some(Source::File);
        Ok(Target {
            astray: elsewhere && from_file,
            endpoint,
            endpoint_source,
            token,
            token_source,
        })
    }
}

impl Target {
    /// Whether nobody said where to send, so that an absent OneAgent is no fault.
    pub(super) fn is_unconfigured(&self) -> bool {
        match self.endpoint_source {
            Source::OneAgentDefault => true,
            #[cfg(feature = "otlp")]
            Source::CollectorDefault => true,
            _ => false,
        }
    }

    /// Where the token comes from, or why none is sent.
    pub(super) fn describe_token(&self) -> &'static str {
        match (&self.token, self.token_source) {
            (Some(_), Some(source)) => source.describe(),
            (None, Some(_)) if self.endpoint.is_one_agent() => "not sent to a OneAgent",
            #[cfg(feature = "otlp")]
            (None, Some(_)) if self.is_unconfigured() => "not sent to a Collector",
            (None, Some(_)) => "not sent unencrypted",
            (_, None) => "none",
        }
    }

    /// What is probably not meant.
    pub(super) fn doubt(&self) -> Option<String> {
        if self.is_unconfigured() && self.token_source.is_some() {
            return Some(format!(
                "a token is given but no endpoint: set {URL_VARIABLE} or `endpoint`"
            ));
        }
        if self.astray {
            return Some(format!(
                "the token of {ENDPOINT_FILE} is sent to {}, but it is for another endpoint: give \
                 the token, too, or leave the endpoint to that file",
                self.endpoint
            ));
        }
        if self.endpoint.url().path() == "/" {
            return Some(format!(
                "the endpoint {} has no path: it ends in /api/v2/metrics/ingest, for a OneAgent in \
                 /metrics/ingest",
                self.endpoint
            ));
        }
        None
    }
}

/// A value as it was meant: without the space around it, and without the quotes that some write
/// into files of environment variables. `None` if nothing is left.
pub(super) fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let text = inner.unwrap_or(text).trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
