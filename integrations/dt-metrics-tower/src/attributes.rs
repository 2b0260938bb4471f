//! Values of attributes of HTTP, as the semantic conventions name them. All are of small sets: a
//! client cannot make up new ones.

use std::borrow::Cow;

use dt_metrics::DimensionValue;
use http::{Extensions, Method, StatusCode, Uri, Version, uri::Scheme};

/// The type of an error, for the dimension `error.type`. Insert it into the extensions of a response.
///
/// Without an `ErrorType`, a response with a status from 500 to 599 has its status as `error.type`, and a
/// response with another status has no `error.type`.
///
/// ```
/// use dt_metrics::DimensionValue;
/// use dt_metrics_tower::ErrorType;
/// use http::{Response, StatusCode};
///
/// #[derive(DimensionValue)]
/// enum Refused {
///     SoldOut,
///     CardDeclined { code: u16 },
/// }
///
/// // In axum: `impl IntoResponse for Refused`.
/// fn into_response(refused: &Refused) -> Response<String> {
///     let mut response = Response::new(String::new());
///     *response.status_mut() = StatusCode::CONFLICT;
///     response.extensions_mut().insert(ErrorType::of(refused));
///     response
/// }
/// # let response = into_response(&Refused::CardDeclined { code: 7 });
/// # let error_type = response.extensions().get();
/// # assert_eq!(error_type, Some(&ErrorType::new("card_declined")));
/// # into_response(&Refused::SoldOut);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErrorType(Cow<'static, str>);

impl ErrorType {
    /// Creates an error type with this name. Use few different names, since each name is a separate series.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// Creates an error type from the dimension value of an error, such as the variant of an enum that derives
    /// [`DimensionValue`]. An error without a value has the type `_OTHER`.
    pub fn of(error: &(impl DimensionValue + ?Sized)) -> Self {
        Self::new(match error.dimension_value() {
            None => Cow::Borrowed("_OTHER"),
            Some(value) => Cow::Owned(value.to_string()),
        })
    }

    /// The error type of the response, or its status if that is at least `least`.
    pub(crate) fn said(
        extensions: &Extensions,
        status: StatusCode,
        least: u16,
    ) -> Option<Cow<'static, str>> {
        let said = extensions.get::<Self>().map(|said| said.0.clone());
        said.or_else(|| (status.as_u16() >= least).then(|| status.as_str().to_owned().into()))
    }
}

/// `http.request.method`: `_OTHER` if it is none of RFC 9110 or RFC 5789.
#[derive(Clone, Copy, Debug, DimensionValue)]
pub(crate) enum MethodName {
    #[dimension(rename = "GET")]
    Get,
    #[dimension(rename = "POST")]
    Post,
    #[dimension(rename = "PUT")]
    Put,
    #[dimension(rename = "PATCH")]
    Patch,
    #[dimension(rename = "DELETE")]
    Delete,
    #[dimension(rename = "HEAD")]
    Head,
    #[dimension(rename = "OPTIONS")]
    Options,
    #[dimension(rename = "CONNECT")]
    Connect,
    #[dimension(rename = "TRACE")]
    Trace,
    #[dimension(rename = "_OTHER")]
    Other,
}

impl MethodName {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::HEAD => Self::Head,
            Method::OPTIONS => Self::Options,
            Method::CONNECT => Self::Connect,
            Method::TRACE => Self::Trace,
            _ => Self::Other,
        }
    }
}

/// `url.scheme`: `http` unless the request's URI has the scheme `https`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, DimensionValue)]
pub(crate) enum SchemeName {
    Http,
    Https,
}

impl SchemeName {
    pub(crate) fn of(uri: &Uri) -> Self {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            Self::Https
        } else {
            Self::Http
        }
    }
}

/// `network.protocol.version`.
pub(crate) fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_09 => Some("0.9"),
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}
