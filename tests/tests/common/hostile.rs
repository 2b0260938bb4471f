//! Servers that no deadline may depend on.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The behaviour for each connection.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Lets the system accept connections and never looks at them.
    NeverAccepts,
    /// Reads and sends nothing.
    Silent,
    /// Reads nothing and sends nothing.
    Deaf,
    /// Sends an answer, one byte a second.
    Dripping,
    /// Sends the head of a good answer, then its body, one byte a second.
    DrippingBody,
    /// Sends a body without end.
    EndlessBody,
    /// Sends a head without end.
    EndlessHead,
    /// Sends "100 Continue" without end.
    EndlessContinue,
    /// Closes the connection with unread data, which resets it.
    Resets,
    /// Reads, then closes the connection.
    Closes,
    /// Answers with something that is not HTTP.
    Garbage,
}

pub const MANNERS: [Manner; 11] = [
    Manner::NeverAccepts,
    Manner::Silent,
    Manner::Deaf,
    Manner::Dripping,
    Manner::DrippingBody,
    Manner::EndlessBody,
    Manner::EndlessHead,
    Manner::EndlessContinue,
    Manner::Resets,
    Manner::Closes,
    Manner::Garbage,
];

/// Goes on until the process ends.
pub struct Hostile {
    address: SocketAddr,
    _listener: Arc<TcpListener>,
}

impl Hostile {
    pub fn start(manner: Manner) -> Self {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        if !matches!(manner, Manner::NeverAccepts) {
            let listener = listener.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    std::thread::spawn(move || drop(behave(manner, stream)));
                }
            });
        }
        Self {
            address,
            _listener: listener,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/api/v2/metrics/ingest", self.address)
    }
}

fn behave(manner: Manner, mut stream: TcpStream) -> std::io::Result<()> {
    const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\n";
    const LENGTH: &[u8] = b"content-length: 100\r\n\r\n";
    match manner {
        Manner::NeverAccepts | Manner::Resets => Ok(()),
        Manner::Silent => forever(|| read(&mut stream)),
        Manner::Deaf => forever(|| {
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        }),
        Manner::Dripping => drip(&mut stream, &[ACCEPTED, LENGTH].concat()),
        Manner::DrippingBody => {
            read(&mut stream)?;
            stream.write_all(&[ACCEPTED, LENGTH].concat())?;
            drip(&mut stream, &[b' '; 100])
        }
        Manner::EndlessBody => {
            read(&mut stream)?;
            stream.write_all(ACCEPTED)?;
            stream.write_all(b"transfer-encoding: chunked\r\n\r\n")?;
            forever(|| stream.write_all(b"4\r\nmore\r\n"))
        }
        Manner::EndlessHead => {
            read(&mut stream)?;
            stream.write_all(ACCEPTED)?;
            forever(|| stream.write_all(b"x-more: and more\r\n"))
        }
        Manner::EndlessContinue => {
            read(&mut stream)?;
            // Faster than it can be read.
            let many = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(4_000);
            forever(|| stream.write_all(&many))
        }
        Manner::Closes => read(&mut stream),
        Manner::Garbage => {
            read(&mut stream)?;
            stream.write_all(b"SSH-2.0-nobody\r\n")
        }
    }
}

fn forever(mut act: impl FnMut() -> std::io::Result<()>) -> std::io::Result<()> {
    loop {
        act()?;
    }
}

fn read(stream: &mut TcpStream) -> std::io::Result<()> {
    match stream.read(&mut [0; 8_192])? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn drip(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte])?;
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}
