//! The endpoint and the token that requests are sent with, and where they are looked up.

use secrecy::{ExposeSecret, SecretString};

use crate::dynatrace::config::endpoint::{Endpoint, ONE_AGENT_URL};
use crate::dynatrace::config::endpoint_file::{ENDPOINT_FILE, EndpointFile, EndpointProperties};
use crate::dynatrace::config::environment::{Environment, TOKEN_VARIABLE, URL_VARIABLE, unquoted};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::config::token::Token;
use crate::dynatrace::error::{ConfigError, EndpointError};

/// Where a value was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    Program,
    Environment(&'static str),
    File,
    /// Nothing is configured: there may be a OneAgent or, over OTLP, a Collector on this host.
    Default,
}

impl Source {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Program => "the program",
            Self::Environment(variable) => variable,
            Self::File => ENDPOINT_FILE,
            Self::Default => "the default",
        }
    }

    pub(super) fn unusable(self, source: EndpointError) -> ConfigError {
        let origin = self.describe();
        ConfigError::Endpoint { origin, source }
    }
}

/// An endpoint and a token for it. It changes while the program runs if the file does.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    pub(crate) endpoint_source: Source,
    /// The token to send, if one is to be sent.
    pub(crate) token: Option<Token>,
    /// Where a token was found, whether it is sent or not.
    pub(crate) token_source: Option<Source>,
    /// Whether the token in the file is sent to another endpoint than the one in the file.
    is_token_astray: bool,
}

/// Looks up endpoint and token in the program, the environment, and the file of the host.
#[derive(Clone, Debug)]
pub(crate) struct TargetResolver {
    endpoint: Option<(SecretString, Source)>,
    token: Option<(SecretString, Source)>,
    file: EndpointFile,
    format: Format,
    allow_cleartext_token: bool,
}

impl TargetResolver {
    pub(super) fn new(options: &Options, environment: Environment) -> Self {
        let program = |text: Option<&SecretString>| Some((text?.clone(), Source::Program));
        let variable = |name: &'static str| {
            let text = SecretString::from(environment(name)?);
            let text = unquoted(text.expose_secret())?.into();
            Some((text, Source::Environment(name)))
        };
        Self {
            endpoint: program(options.endpoint.as_ref()).or_else(|| variable(URL_VARIABLE)),
            token: program(options.api_token.as_ref()).or_else(|| variable(TOKEN_VARIABLE)),
            file: options.endpoint_file.clone(),
            format: options.format,
            allow_cleartext_token: options.allow_cleartext_token,
        }
    }

    /// The file, unless the program and the environment name both values.
    pub(super) fn file(&self) -> Option<&EndpointFile> {
        let is_needed = self.endpoint.is_none() || self.token.is_none();
        is_needed.then_some(&self.file)
    }

    /// The target if the file has these contents.
    pub(super) fn target(&self, file: &EndpointProperties) -> Result<Target, ConfigError> {
        let in_file = |text: &Option<SecretString>| Some((text.clone()?, Source::File));
        let (endpoint, endpoint_source) = match self.endpoint.clone().or_else(|| in_file(&file.url))
        {
            Some((text, source)) => (self.endpoint(&text), source),
            None => (Endpoint::parse(ONE_AGENT_URL), Source::Default),
        };
        let endpoint = endpoint.map_err(|error| endpoint_source.unusable(error))?;

        let (mut token, mut token_source) = (None, None);
        if let Some((text, source)) = self.token.clone().or_else(|| in_file(&file.token)) {
            let origin = source.describe();
            let found =
                Token::new(&text).map_err(|reason| ConfigError::Token { origin, reason })?;
            // A OneAgent needs no token.
            token = Some(found).filter(|_| !endpoint.is_one_agent());
            token_source = Some(source);
        }
        if endpoint.is_readable_by_others() && !self.allow_cleartext_token {
            // A token that happens to be on the host is not meant for an endpoint that the program
            // chose, and must not stop it.
            if token_source == Some(Source::File) && endpoint_source != Source::File {
                token = None;
            }
            if token.is_some() || endpoint.has_token() {
                return Err(ConfigError::CleartextToken {
                    endpoint: endpoint.to_string(),
                });
            }
        }
        let endpoint_in_file = file.url.as_ref().and_then(|text| self.endpoint(text).ok());
        let is_token_of_file = token.is_some() && token_source == Some(Source::File);
        Ok(Target {
            is_token_astray: is_token_of_file
                && endpoint_in_file.is_some_and(|in_file| in_file != endpoint),
            endpoint,
            endpoint_source,
            token,
            token_source,
        })
    }

    fn endpoint(&self, text: &SecretString) -> Result<Endpoint, EndpointError> {
        let endpoint = Endpoint::parse(text.expose_secret())?;
        match self.format {
            Format::Lines => Ok(endpoint),
            #[cfg(feature = "otlp")]
            Format::Otlp => endpoint.over_otlp(),
        }
    }
}

impl Target {
    #[cfg(feature = "otlp")]
    pub(super) fn without_token(endpoint: Endpoint, endpoint_source: Source) -> Self {
        Self {
            endpoint,
            endpoint_source,
            token: None,
            token_source: None,
            is_token_astray: false,
        }
    }

    /// Whether the endpoint is a default, so that it is not an error if nothing listens there.
    pub(crate) fn is_unconfigured(&self) -> bool {
        self.endpoint_source == Source::Default
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

    /// A combination of endpoint and token that is valid but probably a mistake.
    pub(super) fn warning(&self) -> Option<String> {
        if self.is_unconfigured() && self.token_source.is_some() {
            Some(format!(
                "a token is given but no endpoint: set {URL_VARIABLE} or `endpoint`"
            ))
        } else if self.is_token_astray {
            Some(format!(
                "the token in {ENDPOINT_FILE} is sent to {}, but it is for another endpoint: give \
                 a token with the endpoint, or use the endpoint in that file",
                self.endpoint
            ))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
