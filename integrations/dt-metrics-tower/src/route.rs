//! The pattern of a route.

use std::sync::Arc;

use http::Extensions;

/// The pattern of the route that a request took, such as `/orders/{id}`, for the dimension
/// `http.route`.
///
/// The feature `axum` takes it from axum's router. With any other router, put it into the extensions
/// of the request before the layer, or of the response.
///
/// ```
/// use dt_metrics_tower::Route;
///
/// let mut response = http::Response::new("order 7");
/// response.extensions_mut().insert(Route::new("/orders/{id}"));
/// ```
#[derive(Clone, Debug)]
pub struct Route(Pattern);

#[derive(Clone, Debug)]
enum Pattern {
    Static(&'static str),
    Shared(Arc<str>),
    #[cfg(feature = "axum")]
    Axum(axum::extract::MatchedPath),
}

impl Route {
    /// A pattern that the program has. It must not be the path itself: each would be a series of
    /// its own.
    #[must_use]
    pub const fn new(pattern: &'static str) -> Self {
        Self(Pattern::Static(pattern))
    }

    /// A pattern that is made at run time.
    pub fn shared(pattern: impl Into<Arc<str>>) -> Self {
        Self(Pattern::Shared(pattern.into()))
    }

    /// The pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Pattern::Static(pattern) => pattern,
            Pattern::Shared(pattern) => pattern,
            #[cfg(feature = "axum")]
            Pattern::Axum(path) => path.as_str(),
        }
    }

    /// The route that the extensions of a request name.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        #[cfg(feature = "axum")]
        if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
            return Some(Self(Pattern::Axum(path.clone())));
        }
        extensions.get::<Self>().cloned()
    }
}
