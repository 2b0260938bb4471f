use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};

use super::{Console, short};
use crate::dynatrace::Redactor;

const AMPLE: Duration = Duration::from_secs(60);
const TOKEN: &str = "dt0c01.PUBLICPART.SECRETSECRETSECRETSECRET";

/// Forwards the written bytes.
struct Pipe(Sender<Vec<u8>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .send(bytes.to_vec())
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn console(output: impl Write + Send + 'static) -> (Console, SdkMeterProvider) {
    let redactor = Redactor::new(["another secret".into()]);
    let console = Console::start_on(output, Some("shop".into()), redactor).expect("a thread");
    let reader = PeriodicReader::builder(console.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    (console, provider)
}

fn written(received: &Receiver<Vec<u8>>) -> String {
    String::from_utf8(received.iter().flatten().collect()).expect("UTF-8")
}

#[test]
fn a_push_is_aligned_and_short() {
    let (sender, received) = channel();
    let (console, provider) = console(Pipe(sender));
    let meter = provider.meter("m");
    let orders = meter.u64_counter("orders").with_unit("{order}").build();
    orders.add(
        12,
        &[KeyValue::new("outcome", "ok"), KeyValue::new("eu", true)],
    );
    orders.add(1, &[]);
    meter
        .f64_gauge("load.of.host")
        .build()
        .record(0.1 + 0.2, &[]);
    let time = meter.f64_histogram("time").with_unit("ms").build();
    time.record(1.5, &[]);
    time.record(2.5, &[]);
    meter.i64_up_down_counter("open").build().add(-3, &[]);
    provider.force_flush().expect("it never fails");
    console.end(AMPLE);
    let text = written(&received);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].ends_with(" UTC: 4 metrics, 5 series"), "{text}");
    assert_eq!(
        lines[1..],
        [
            "  shop.load.of.host  0.3",
            "  shop.open          -3",
            "  shop.orders        +1",
            "  shop.orders        +12                                     eu=true, outcome=ok",
            "  shop.time          count=2 min=1.5 ms max=2.5 ms sum=4 ms",
        ]
    );
}

#[test]
fn secrets_and_control_characters_are_not_printed() {
    let (sender, received) = channel();
    let (console, provider) = console(Pipe(sender));
    let counter = provider.meter("m").u64_counter("orders").build();
    for value in ["\u{1b}[31mred\r\nline\u{202e}", TOKEN, "x another secret x"] {
        counter.add(1, &[KeyValue::new("k", value)]);
    }
    provider.force_flush().expect("it never fails");
    console.end(AMPLE);
    let text = written(&received);
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("k= [31mred  line"), "{text}");
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']), "{text:?}");
    assert!(
        !text.contains("SECRET") && !text.contains("another"),
        "{text}"
    );
}

/// An output that takes nothing until its sender is dropped.
struct Stuck(Receiver<()>, Pipe);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stuck_output_delays_nothing_and_the_gap_is_printed() {
    let (release, released) = channel();
    let (sender, received) = channel();
    let (console, provider) = console(Stuck(released, Pipe(sender)));
    let counter = provider.meter("m").u64_counter("orders").build();
    for _ in 0..50 {
        counter.add(1, &[]);
        provider.force_flush().expect("it never fails");
    }
    drop(release);
    // The rest is written, and there is room again.
    let first: Vec<_> = received.iter().take(4).collect();
    assert_eq!(first.len(), 4);
    counter.add(1, &[]);
    provider.force_flush().expect("it never fails");
    console.end(AMPLE);
    let text = written(&received);
    assert!(
        text.contains("pushes before this one were not printed"),
        "{text}"
    );
    // After the end nothing is printed, and nothing fails.
    counter.add(1, &[]);
    provider.force_flush().expect("it never fails");
}

#[test]
fn a_closed_output_is_not_a_failure() {
    let (sender, received) = channel();
    drop(received);
    let (console, provider) = console(Pipe(sender));
    provider
        .meter("m")
        .u64_counter("orders")
        .build()
        .add(1, &[]);
    provider.force_flush().expect("it never fails");
    console.end(AMPLE);
}

#[test]
fn numbers_are_short_but_not_nothing() {
    for (number, expected) in [
        (0.1 + 0.2, "0.3"),
        (4.0, "4"),
        (1e-9, "1e-9"),
        (-0.000_000_001_5, "-1.5e-9"),
        (1_234_567.891_234_5, "1234567.891235"),
        (f64::NAN, "NaN"),
    ] {
        assert_eq!(short(number), expected);
    }
    assert_eq!(short(u64::MAX), "18446744073709551615");
}
