//! The floor: the same bytes copied, the same numbers formatted, nothing checked.

use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::bench::Writer;
use super::lines::normalize;

pub(super) const NAME: &str = "floor: memcpy and itoa of the same bytes";

struct Point {
    head: Box<str>,
    value: u64,
    time_ms: i64,
}

/// `memcpy` and `itoa`.
#[derive(Default)]
pub(super) struct Floor {
    points: Vec<Point>,
    text: Vec<u8>,
}

impl Writer for Floor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(&mut self, collection: &ResourceMetrics) {
        self.points = normalize(collection)
            .into_iter()
            .map(|point| Point {
                head: format!("{}{} count,delta=", point.key, point.dimensions).into(),
                value: point.value,
                time_ms: point.time_ms,
            })
            .collect();
    }

    fn write(&mut self, _: &ResourceMetrics) {
        self.text.clear();
        let mut numbers = itoa::Buffer::new();
        for point in &self.points {
            self.text.extend_from_slice(point.head.as_bytes());
            self.text
                .extend_from_slice(numbers.format(point.value).as_bytes());
            self.text.push(b' ');
            self.text
                .extend_from_slice(numbers.format(point.time_ms).as_bytes());
            self.text.push(b'\n');
        }
    }

    fn bytes(&self) -> usize {
        self.text.len()
    }
}
