//! A receiver of OTLP that stores bytes, and a decoder by the field numbers in the specification
//! (`metrics.proto`). It shares no code with the tested encoder.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A request as it came.
#[derive(Clone)]
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
}

/// Accepts everything.
pub struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let seen = received.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = seen.clone();
                thread::spawn(move || serve(BufReader::new(stream), &seen));
            }
        });
        Self { address, received }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        let received = self.received.lock();
        received.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(mut stream: BufReader<TcpStream>, seen: &Mutex<Vec<Received>>) -> Option<()> {
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))?
            .parse()
            .ok()?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Received { head, body });
        // An empty answer means success.
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(answer).ok()?;
    }
}

/// A value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text, or a message.
    Bytes(&'a [u8]),
    /// A varint: an enum, a Boolean.
    Number(u64),
    /// Eight bytes: a double, a fixed integer.
    Fixed([u8; 8]),
}

/// The values of a field of a message.
pub fn values(mut message: &[u8], field: u64) -> Vec<Value<'_>> {
    let mut values = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut message)),
            1 => Value::Fixed(take(&mut message, 8).try_into().unwrap()),
            2 => {
                let length = usize::try_from(varint(&mut message)).unwrap();
                Value::Bytes(take(&mut message, length))
            }
            other => panic!("wire type {other}"),
        };
        if tag >> 3 == field {
            values.push(value);
        }
    }
    values
}

/// The messages at the end of a path of fields.
pub fn messages<'a>(message: &'a [u8], path: &[u64]) -> Vec<&'a [u8]> {
    let Some((field, rest)) = path.split_first() else {
        return vec![message];
    };
    let values = values(message, *field).into_iter();
    values
        .flat_map(|value| match value {
            Value::Bytes(message) => messages(message, rest),
            other => panic!("field {field} is {other:?}"),
        })
        .collect()
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = take(message, 1)[0];
        number |= u64::from(byte & 127) << shift;
        if byte < 128 {
            break;
        }
    }
    number
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = message.split_at(length);
    *message = rest;
    taken
}
