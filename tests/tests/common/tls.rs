//! A server that speaks TLS, and an authority that signs its certificate.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

static NUMBER: AtomicUsize = AtomicUsize::new(0);

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        // Clients would confuse authorities with the same name.
        let name = format!("authority {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(parameters, key),
            pem,
        }
    }

    /// The root, to be trusted.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub fn identity(&self, name: &str) -> Identity {
        self.sign(name, |_| {})
    }

    /// Its own certificate, as that of a server.
    pub fn as_server(name: &str) -> (Identity, String) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        let identity = Identity {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        };
        (identity, certificate.pem())
    }

    pub fn expired(&self, name: &str) -> Identity {
        self.sign(name, |parameters| {
            parameters.not_after = date_time_ymd(2020, 1, 1);
        })
    }

    pub fn of_the_future(&self, name: &str) -> Identity {
        self.sign(name, |parameters| {
            parameters.not_before = date_time_ymd(4000, 1, 1);
        })
    }

    fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut parameters);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }
}

/// Accepts everything, and remembers the heads of the requests.
pub struct TlsServer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    config: Arc<Mutex<Arc<ServerConfig>>>,
}

fn config(identity: Identity) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate], identity.key)
        .unwrap();
    Arc::new(config)
}

impl TlsServer {
    pub fn start(identity: Identity) -> Self {
        let config = Arc::new(Mutex::new(config(identity)));
        let used = config.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = used.lock().unwrap().clone();
                let connection = ServerConnection::new(config).unwrap();
                let seen = seen.clone();
                thread::spawn(move || serve(StreamOwned::new(connection, stream), &seen));
            }
        });
        Self {
            address,
            requests,
            config,
        }
    }

    /// New connections get this certificate from now on.
    pub fn replace(&self, identity: Identity) {
        *self.config.lock().unwrap() = config(identity);
    }

    /// By that name, or address.
    pub fn url(&self, host: &str) -> String {
        format!(
            "https://{host}:{}/api/v2/metrics/ingest",
            self.address.port()
        )
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn serve(
    stream: StreamOwned<ServerConnection, TcpStream>,
    seen: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let head = head(&mut stream)?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))?
            .parse()
            .ok()?;
        stream.read_exact(&mut vec![0; length]).ok()?;
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(head);
        let stream = stream.get_mut();
        stream
            .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
        stream.flush().ok()?;
    }
}

/// The lines up to the empty one; `None` at the end.
pub fn head(stream: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}
