//! The pattern of a route.

use std::sync::Arc;

use http::Extensions;

/// The pattern of a request's route, such as `/orders/{id}`, for the dimension `http.route`.
///
/// With the feature `axum`, the layer takes the pattern from axum's router. With any other router, insert a
/// `Route` into the extensions of the request before the request reaches the metrics layer, or into the
/// extensions of the response.
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
    /// Creates a route from a pattern in the source code. Do not pass the path of a request, since each path
    /// would be a separate series.
    #[must_use]
    pub const fn new(pattern: &'static str) -> Self {
        Self(Pattern::Static(pattern))
    }

    /// Creates a route from a pattern that is built at run time.
    pub fn shared(pattern: impl Into<Arc<str>>) -> Self {
        Self(Pattern::Shared(pattern.into()))
    }

    /// Returns the pattern.
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
