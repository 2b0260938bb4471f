//! Histograms of any values are summaries that no reader refuses.
//!
//! `DT_METRICS_SUMMARIES` is the number of random histograms; 200,000 by default.

use std::env;

use crate::common::proof::Pipeline;
use dt_metrics::dynatrace::Exporter;
use dt_metrics_local::Server;
use dt_metrics_local::protocol::{Line, Payload};
use dt_metrics_local::store::Limits;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, MeterProvider};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, Stream};

/// Histograms of one instrument in a cycle: below the SDK's limit of 2,000.
const SERIES: u16 = 1_900;

/// Each recorded in its own way: with minimum and maximum, without, in exponential buckets.
const INSTRUMENTS: [&str; 4] = ["recorded", "bare", "few_buckets", "exponential"];

/// The most histograms of a cycle.
const A_CYCLE: usize = SERIES as usize * INSTRUMENTS.len();

fn view(instrument: &Instrument) -> Option<Stream> {
    let explicit = |boundaries| Aggregation::ExplicitBucketHistogram {
        boundaries,
        record_min_max: false,
    };
    let aggregation = match instrument.name() {
        "bare" => explicit(vec![-1e9, -1.0, -1e-9, 0.0, 1e-9, 1.0, 1e3, 1e9]),
        "few_buckets" => explicit(vec![0.0]),
        "exponential" => Aggregation::Base2ExponentialHistogram {
            max_size: 8,
            max_scale: 20,
            record_min_max: false,
        },
        _ => return None,
    };
    Stream::builder().with_aggregation(aggregation).build().ok()
}

/// Numbers that look random: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u16) -> u16 {
        (self.next() % u64::from(end)).try_into().unwrap_or(end)
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Any finite number, of any magnitude.
    fn any(&mut self) -> f64 {
        loop {
            let value = f64::from_bits(self.next());
            if value.is_finite() {
                return value;
            }
        }
    }

    /// The values of one histogram.
    fn values(&mut self, out: &mut Vec<f64>) {
        out.clear();
        let most = if self.below(50) == 0 { 200 } else { 8 };
        let count = 1 + self.below(most);
        let scale = 10_f64.powi(i32::from(self.below(600)) - 300);
        let center = (self.unit() - 0.5) * 2.0 * scale;
        let shape = self.below(8);
        for _ in 0..count {
            out.push(match shape {
                // Equal values, whose sum is rounded.
                0 => center,
                // Nearly equal ones.
                1 => center * (1.0 + f64::EPSILON * (self.unit() * 4.0).floor()),
                2 => (self.unit() - 0.5) * scale,
                3 => self.unit() * scale,
                4 => -self.unit() * scale,
                // Durations.
                5 => -self.unit().ln() / 1_000.0,
                // The largest: their sum may be infinite.
                6 => [f64::MAX, -f64::MAX, 1e308, f64::MIN_POSITIVE][usize::from(self.below(4))],
                _ => self.any(),
            });
        }
    }
}

fn mean_is_within(line: &Line) -> bool {
    let Payload::Summary {
        min,
        max,
        sum,
        count,
    } = line.payload
    else {
        return false;
    };
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let mean = sum / count as f64;
    min <= mean && mean <= max
}

#[test]
fn no_summary_is_refused() {
    let wanted: usize = env::var("DT_METRICS_SUMMARIES").map_or(200_000, |number| {
        number.parse().expect("a number of summaries")
    });
    let limits = Limits::default().lines(A_CYCLE).requests(100);
    let server = Server::builder().limits(limits).start().expect("a port");
    let exporter = Exporter::builder()
        .endpoint(server.url())
        .max_lines_per_request(10_000)
        .build()
        .expect("the exporter starts");
    let pipeline = Pipeline::new(exporter, view);
    let meter = pipeline.provider.meter("summaries");
    let histograms = INSTRUMENTS.map(|name| meter.f64_histogram(name).build());
    let attributes: Vec<_> = (0..i64::from(SERIES))
        .map(|i| [KeyValue::new("i", i)])
        .collect();

    let mut random = Random(1);
    let mut tried = 0;
    while tried < wanted {
        tried += cycle(&mut random, &histograms, &attributes);
        let before = server.totals().lines;
        pipeline.deliver();
        let totals = server.totals();
        let rejected = server.rejected();
        assert!(rejected.is_empty(), "{:?}", rejected.first());
        server.inspect(|state| {
            let new = usize::try_from(totals.lines - before).expect("few");
            for line in state.lines().rev().take(new) {
                assert!(mean_is_within(line), "{line}");
            }
        });
    }

    let (totals, health) = (server.totals(), pipeline.exporter.health());
    assert_eq!(pipeline.points(), tried as u64);
    // A summary whose sum is beyond all numbers is several lines.
    assert!(totals.lines + health.points_dropped >= tried as u64);
    // Only histograms without a finite sum are dropped.
    let not_finite = health.dropped.get("not_finite");
    assert_eq!(
        health.points_dropped,
        not_finite.copied().unwrap_or_default()
    );
    assert!(health.points_dropped < totals.lines / 10, "{health:?}");
}

/// Records one cycle; returns how many histograms have values.
fn cycle(
    random: &mut Random,
    histograms: &[Histogram<f64>],
    attributes: &[[KeyValue; 1]],
) -> usize {
    let mut values = Vec::new();
    for histogram in histograms {
        for attributes in attributes {
            random.values(&mut values);
            for value in &values {
                histogram.record(*value, attributes);
            }
        }
    }
    histograms.len() * attributes.len()
}
