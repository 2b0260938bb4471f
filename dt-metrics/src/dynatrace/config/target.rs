//! Where to send and with which token, as the program, the environment and the host say.

use crate::dynatrace::config::endpoint::{Endpoint, ONE_AGENT_URL};
use crate::dynatrace::config::endpoint_file::{ENDPOINT_FILE, EndpointFile, Found};
use crate::dynatrace::config::environment::Environment;
use crate::dynatrace::config::environment::TOKEN_VARIABLE;
use crate::dynatrace::config::environment::URL_VARIABLE;
use crate::dynatrace::config::environment::unquoted;
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::token::Token;
use crate::dynatrace::error::ConfigError;
use secrecy::{ExposeSecret, SecretString};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
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
    pub(crate) fn describe(self) -> &'static str {
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
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    pub(crate) endpoint_source: Source,
    /// The token to send, if one is to be sent.
    pub(crate) token: Option<Token>,
    /// Where a token was found, sent or not.
    pub(crate) token_source: Option<Source>,
    /// Whether the token of the file goes elsewhere than the file says.
    astray: bool,
}

/// What program and environment say, and where else to look.
#[derive(Clone, Debug)]
pub(crate) struct Finder {
    endpoint: Option<(SecretString, Source)>,
    token: Option<(SecretString, Source)>,
    file: EndpointFile,
    allow_cleartext_token: bool,
}

impl Finder {
    pub(crate) fn new(options: &Options, environment: Environment) -> Self {
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
    pub(crate) fn file(&self) -> Option<&EndpointFile> {
        let matters = self.endpoint.is_none() || self.token.is_none();
        Some(&self.file).filter(|file| matters && !file.is_none())
    }

    /// Endpoint and token, each from the first place that has it.
    pub(crate) fn target(&self, found: &Found) -> Result<Target, ConfigError> {
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
    pub(crate) fn is_unconfigured(&self) -> bool {
        match self.endpoint_source {
            Source::OneAgentDefault => true,
            #[cfg(feature = "otlp")]
            Source::CollectorDefault => true,
            _ => false,
        }
    }

    /// Where the token comes from, or why none is sent.
    pub(crate) fn describe_token(&self) -> &'static str {
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
    pub(crate) fn doubt(&self) -> Option<String> {
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

#[cfg(test)]
mod tests;
