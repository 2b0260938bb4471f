//! A receiver of OTLP over HTTP, which keeps what it decoded.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use prost::Message;

/// The start of each request, and what was in it.
pub type Request = (String, ExportMetricsServiceRequest);

/// What it answers, first come first served; then that all is well.
type Answers = Arc<Mutex<Vec<(u16, Vec<u8>)>>>;

pub struct Receiver {
    pub address: SocketAddr,
    accepted: Arc<Mutex<Vec<Request>>>,
    answers: Answers,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let answers = Answers::default();
        let (seen, next) = (accepted.clone(), answers.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, next) = (seen.clone(), next.clone());
                thread::spawn(move || serve(BufReader::new(stream), &seen, &next));
            }
        });
        Self {
            address,
            accepted,
            answers,
        }
    }

    /// The next requests fare like this.
    pub fn answer(&self, answers: &[(u16, &str)]) {
        let answers = answers
            .iter()
            .map(|(status, body)| (*status, body.as_bytes().to_vec()));
        lock(&self.answers).extend(answers);
    }

    /// From now on all is well.
    pub fn clear_answers(&self) {
        lock(&self.answers).clear();
    }

    /// The next request is accepted but for so many points.
    pub fn refuse(&self, points: i64, reason: &str) {
        let partial_success = Some(ExportMetricsPartialSuccess {
            rejected_data_points: points,
            error_message: reason.into(),
        });
        let body = ExportMetricsServiceResponse { partial_success }.encode_to_vec();
        lock(&self.answers).push((200, body));
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        lock(&self.accepted).clone()
    }

    pub fn metrics(&self) -> Vec<Metric> {
        let requests = self.requests().into_iter();
        requests
            .flat_map(|(_, request)| request.resource_metrics)
            .flat_map(|resource| resource.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .collect()
    }

    /// The sums of deltas, by name and dimensions; of histograms their counts.
    pub fn totals(&self) -> BTreeMap<(String, String), f64> {
        let mut totals = BTreeMap::new();
        for metric in self.metrics() {
            let points: Vec<_> = match metric.data.unwrap() {
                Data::Sum(sum) if sum.is_monotonic => {
                    let points = sum.data_points.into_iter();
                    points
                        .map(|point| (point.attributes, number(point.value.unwrap())))
                        .collect()
                }
                Data::Histogram(histogram) => {
                    let points = histogram.data_points.into_iter();
                    points
                        .map(|point| (point.attributes, point.count as f64))
                        .collect()
                }
                _ => continue,
            };
            for (attributes, value) in points {
                let key = (metric.name.clone(), dimensions(&attributes));
                *totals.entry(key).or_default() += value;
            }
        }
        totals
    }
}

pub fn number(value: Number) -> f64 {
    match value {
        Number::AsDouble(value) => value,
        Number::AsInt(value) => value as f64,
    }
}

/// In order.
pub fn dimensions(attributes: &[KeyValue]) -> String {
    let mut texts: Vec<_> = attributes
        .iter()
        .map(|it| {
            let value = match it.value.as_ref().and_then(|it| it.value.as_ref()) {
                Some(Value::StringValue(text)) => text.clone(),
                other => format!("{other:?}"),
            };
            format!("{}={value}", it.key)
        })
        .collect();
    texts.sort();
    texts.join(",")
}

fn serve(
    mut stream: BufReader<TcpStream>,
    seen: &Mutex<Vec<Request>>,
    answers: &Mutex<Vec<(u16, Vec<u8>)>>,
) -> Option<()> {
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
        let request = ExportMetricsServiceRequest::decode(&*body).unwrap();
        let (status, answer) = {
            let mut answers = lock(answers);
            if answers.is_empty() {
                (200, Vec::new())
            } else {
                answers.remove(0)
            }
        };
        if status == 200 {
            lock(seen).push((head, request));
        }
        let length = answer.len();
        let stream = stream.get_mut();
        write!(
            stream,
            "HTTP/1.1 {status} \r\ncontent-length: {length}\r\n\r\n"
        )
        .ok()?;
        stream.write_all(&answer).ok()?;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
