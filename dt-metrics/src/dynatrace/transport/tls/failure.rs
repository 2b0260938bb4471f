//! The cause of a TLS error as a backend reports it, and the advice that backends share.

/// An error of TLS in words of the field.
pub(in crate::dynatrace::transport) struct TlsFailure {
    pub(in crate::dynatrace::transport) cause: String,
    /// Advice for the user.
    pub(in crate::dynatrace::transport) advice: Option<&'static str>,
    /// Whether this host does not trust the server's certificate.
    pub(in crate::dynatrace::transport) is_untrusted: bool,
}

/// Advice for each backend.
#[cfg(any(
    feature = "native-tls",
    feature = "rustls-ring",
    feature = "rustls-aws-lc"
))]
pub(super) mod advice {
    pub(in crate::dynatrace::transport::tls) const EXPIRED: &str =
        "renew it, or correct the clock of this host";
    pub(in crate::dynatrace::transport::tls) const NOT_YET_VALID: &str =
        "correct the clock of this host, or wait";
    pub(in crate::dynatrace::transport::tls) const OTHER_HOST: &str =
        "use a host name of the certificate in the endpoint";
    pub(in crate::dynatrace::transport::tls) const UNKNOWN_ROOT: &str = "add that root with `add_root_certificate_pem`, or to the trusted certificates of this \
         host; if it should already be trusted, a device on the network intercepts \
         the connection";
    pub(in crate::dynatrace::transport::tls) const OLD_VERSION: &str =
        "enable TLS 1.2 or 1.3 on the server";
    pub(in crate::dynatrace::transport::tls) const NO_TLS: &str =
        "check the port, and whether it is an https endpoint";
}
