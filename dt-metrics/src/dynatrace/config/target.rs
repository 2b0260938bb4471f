//! The endpoint and the token that requests are sent with, and where they are looked up.

use secrecy::{ExposeSecret, SecretString};

use crate::dynatrace::config::endpoint::{Endpoint, ONE_AGENT_URL};
use crate::dynatrace::config::endpoint_file::{ENDPOINT_FILE, EndpointFile, EndpointProperties};
use crate::dynatrace::config::environment::{
    Environment, TOKEN_OPTION, TOKEN_VARIABLE, URL_OPTION, URL_VARIABLE,
};
use crate::dynatrace::config::options::Options;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::config::source::Source;
use crate::dynatrace::config::token::{Token, TokenKind};
use crate::dynatrace::config::unquoted::unquoted;
use crate::dynatrace::error::{ConfigError, EndpointError};

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
    /// Whether a token is sent unencrypted, since the file names it together with the endpoint.
    is_cleartext_of_file: bool,
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
    /// Looks up both values in the program and the environment. A variable that is not usable is
    /// ignored with a warning.
    pub(super) fn new(
        options: &Options,
        environment: Environment,
        ignored: &mut Vec<Ignored>,
    ) -> Self {
        let format = options.format;
        let endpoint = options.endpoint.clone();
        let token = options.api_token.clone();
        let variable = |name: &'static str| {
            let text = SecretString::from(environment(name)?);
            let text = unquoted(text.expose_secret())?.into();
            Some((text, Source::Environment(name)))
        };
        // An empty token of the program is an error, since something is missing there.
        let endpoint = endpoint.map(|text| (text, Source::Program)).or_else(|| {
            let names = [URL_OPTION, URL_VARIABLE].into_iter();
            names.filter_map(variable).find(|(text, source)| {
                let reason = endpoint_for(format, text).err();
                let reason = reason.map(|reason| reason.to_string());
                Ignored::note(Subject::Endpoint, *source, reason, ignored)
            })
        });
        let token = token.map(|text| (text, Source::Program)).or_else(|| {
            let names = [TOKEN_OPTION, TOKEN_VARIABLE].into_iter();
            names.filter_map(variable).find(|(text, source)| {
                let reason = Token::new(text).err();
                let reason = reason.map(|reason| format!("the token {reason}"));
                Ignored::note(Subject::Token, *source, reason, ignored)
            })
        });
        Self {
            endpoint,
            token,
            file: options.endpoint_file.clone(),
            format,
            allow_cleartext_token: options.allow_cleartext_token,
        }
    }

    /// Whether the endpoint is an option, so that it wins over all other variables.
    #[cfg(feature = "otlp")]
    pub(super) fn is_explicit(&self) -> bool {
        let source = self.endpoint.as_ref().map(|(_, source)| *source);
        matches!(source, Some(Source::Program)) || source == Some(Source::Environment(URL_OPTION))
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
            Some((text, source)) => (endpoint_for(self.format, &text), source),
            None => (Endpoint::parse(ONE_AGENT_URL), Source::Default),
        };
        let endpoint = endpoint.map_err(|error| unusable(endpoint_source, error))?;

        let (mut token, mut token_source) = (None, None);
        if let Some((text, source)) = self.token.clone().or_else(|| in_file(&file.token)) {
            let origin = source.describe();
            let found =
                Token::new(&text).map_err(|reason| ConfigError::Token { origin, reason })?;
            // A OneAgent needs no token.
            token = Some(found).filter(|_| !endpoint.is_one_agent());
            token_source = Some(source);
        }
        let mut is_cleartext_of_file = false;
        if endpoint.is_readable_by_others() && !self.allow_cleartext_token {
            // A token that happens to be on the host is not meant for an endpoint that the program
            // chose, and must not stop it.
            if token_source == Some(Source::File) && endpoint_source != Source::File {
                token = None;
            }
            let has_token = token.is_some() || endpoint.has_token();
            // Whoever operates the platform chose both, for a network inside the cluster.
            let is_of_file = endpoint_source == Source::File
                && token_source.is_none_or(|source| source == Source::File);
            if has_token && !is_of_file {
                return Err(ConfigError::CleartextToken {
                    endpoint: endpoint.to_string(),
                });
            }
            is_cleartext_of_file = has_token;
        }
        let endpoint_in_file = file.url.as_ref();
        let endpoint_in_file =
            endpoint_in_file.and_then(|text| endpoint_for(self.format, text).ok());
        let is_token_of_file = token.is_some() && token_source == Some(Source::File);
        Ok(Target {
            is_token_astray: is_token_of_file
                && endpoint_in_file.is_some_and(|in_file| in_file != endpoint),
            is_cleartext_of_file,
            endpoint,
            endpoint_source,
            token,
            token_source,
        })
    }
}

/// The endpoint that a text names.
fn endpoint_for(format: Format, text: &SecretString) -> Result<Endpoint, EndpointError> {
    let endpoint = Endpoint::parse(text.expose_secret())?;
    match format {
        Format::Lines => endpoint.for_lines(),
        #[cfg(feature = "otlp")]
        Format::Otlp => endpoint.over_otlp(),
    }
}

/// A variable that is not usable.
pub(super) struct Ignored {
    subject: Subject,
    source: Source,
    reason: String,
}

enum Subject {
    Endpoint,
    Token,
}

impl Ignored {
    /// Whether there is no reason against a variable; otherwise it is noted.
    fn note(
        subject: Subject,
        source: Source,
        reason: Option<String>,
        ignored: &mut Vec<Self>,
    ) -> bool {
        let is_usable = reason.is_none();
        ignored.extend(reason.map(|reason| Self {
            subject,
            source,
            reason,
        }));
        is_usable
    }

    /// A warning that names the target used instead.
    pub(super) fn warning(&self, target: &Target) -> String {
        let instead = match self.subject {
            Subject::Endpoint => format!(
                "metrics are sent to {}, from {}",
                target.endpoint, target.endpoint_source
            ),
            Subject::Token => match (&target.token, target.token_source) {
                (Some(_), Some(source)) => format!("the token from {source} is used"),
                _ => "no token is sent".to_owned(),
            },
        };
        format!(
            "ignoring {}, which is not usable: {}; {instead}",
            self.source, self.reason
        )
    }
}

pub(super) fn unusable(source: Source, error: EndpointError) -> ConfigError {
    ConfigError::Endpoint {
        origin: source.describe(),
        source: error,
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
            is_cleartext_of_file: false,
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

    /// Combinations of endpoint and token that are valid but probably mistakes.
    pub(super) fn warnings(&self) -> Vec<String> {
        let endpoint = &self.endpoint;
        let nowhere = (self.is_unconfigured() && self.token_source.is_some())
            .then(|| format!("a token is given but no endpoint: set {URL_VARIABLE} or `endpoint`"));
        let astray = self.is_token_astray.then(|| {
            format!(
                "the token in {ENDPOINT_FILE} is sent to {endpoint}, but it is for another \
                 endpoint: give a token with the endpoint, or use the endpoint in that file"
            )
        });
        let cleartext = self.is_cleartext_of_file.then(|| {
            format!(
                "the token is sent unencrypted to {endpoint}, since {ENDPOINT_FILE} names both: \
                 anyone on the network in between can read it; write an https URL into the file, \
                 for example by enabling TLS for the ActiveGate, or accept this with \
                 `allow_cleartext_token(true)`"
            )
        });
        let warnings = [nowhere, astray, cleartext, self.mismatch()];
        warnings.into_iter().flatten().collect()
    }

    /// Why the endpoint does not accept a token of this kind.
    pub(crate) fn mismatch(&self) -> Option<String> {
        let (endpoint, kind) = (&self.endpoint, self.token.as_ref()?.kind());
        let proper = match kind {
            TokenKind::Platform => endpoint.for_platform_token()?,
            TokenKind::Access => endpoint.for_access_token()?,
            TokenKind::Unknown => return None,
        };
        Some(format!(
            "the token is {}, which {endpoint} does not accept: use the endpoint {proper}, or a \
             token of the other kind",
            kind.describe()
        ))
    }
}

#[cfg(test)]
mod tests;
