//! Whether the platform's certificates are where they usually are.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// In place of those below, if it is set; so is a directory.
const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";

/// Of Debian and Alpine, Red Hat, openSUSE, and those that follow them.
const FILES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The first certificate begins within this much.
const BEGINNING: u64 = 16 * 1024;

/// Looks without reading them all, which takes a while. `false`: perhaps not.
pub(in crate::dynatrace) fn are_there() -> bool {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    match variable(FILE_VARIABLE) {
        Some(file) => has_certificate(&PathBuf::from(file)),
        None if variable(DIRECTORY_VARIABLE).is_some() => false,
        None => FILES.iter().any(|file| has_certificate(Path::new(file))),
    }
}

fn has_certificate(path: &Path) -> bool {
    const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    read.is_ok() && beginning.windows(MARK.len()).any(|part| part == MARK)
}
