//! The floor: the same bytes copied, the same numbers formatted, nothing checked.

use opentelemetry_sdk::metrics::data::ResourceMetrics;

use super::bench::Writer;
use super::lines::normalize;
use super::points::Values;

pub(super) const NAME: &str = "floor: memcpy and itoa of the same bytes";

/// `memcpy` and `itoa`.
#[derive(Default)]
pub(super) struct Floor {
    /// All of each line before its number.
    heads: Vec<Box<str>>,
    values: Values,
    text: Vec<u8>,
}

impl Writer for Floor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn prepare(&mut self, collection: &ResourceMetrics) {
        if self.heads.is_empty() {
            let metrics = normalize(collection);
            let heads = metrics.iter().flat_map(|metric| {
                let head = |dimensions| format!("{}{dimensions} count,delta=", metric.key).into();
                metric.series.iter().map(head)
            });
            self.heads = heads.collect();
        }
        self.values.read(collection);
    }

    fn write(&mut self, _: &ResourceMetrics) {
        self.text.clear();
        let mut numbers = itoa::Buffer::new();
        for (head, (value, time_ms)) in self.heads.iter().zip(self.values.iter()) {
            self.text.extend_from_slice(head.as_bytes());
            self.text
                .extend_from_slice(numbers.format(value).as_bytes());
            self.text.push(b' ');
            self.text
                .extend_from_slice(numbers.format(time_ms).as_bytes());
            self.text.push(b'\n');
        }
    }

    fn bytes(&self) -> usize {
        self.text.len()
    }
}
