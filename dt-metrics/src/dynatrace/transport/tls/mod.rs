//! TLS for the HTTP client: one of three backends, which features choose.
//!
//! Features of all crates in a program add up, so more than one may be on: `native-tls` is used
//! before `rustls-ring`, and that before `rustls-aws-lc`, which is on by default.
//!
//! The default crypto provider of the process belongs to the program: it is neither used nor set.

mod failure;
#[cfg(feature = "native-tls")]
mod native_backend;
#[cfg(not(any(
    feature = "native-tls",
    feature = "rustls-ring",
    feature = "rustls-aws-lc"
)))]
mod no_backend;
#[cfg(all(
    not(feature = "native-tls"),
    any(feature = "rustls-ring", feature = "rustls-aws-lc")
))]
mod rustls_backend;

#[cfg(feature = "native-tls")]
pub(super) use self::native_backend::{explain, has_platform_roots, with_tls};
#[cfg(not(any(
    feature = "native-tls",
    feature = "rustls-ring",
    feature = "rustls-aws-lc"
)))]
pub(super) use self::no_backend::{explain, has_platform_roots, with_tls};
#[cfg(all(
    not(feature = "native-tls"),
    any(feature = "rustls-ring", feature = "rustls-aws-lc")
))]
pub(super) use self::rustls_backend::{explain, has_platform_roots, with_tls};
