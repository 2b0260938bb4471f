//! Encodes collections as metric lines.
//!
//! Imports `config`, `line` and, of `encode`, bodies and warnings.

mod dimension_cache;
pub(super) mod fingerprint;
mod generation;
mod metric_cache;
mod points;
mod resource;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use opentelemetry_sdk::metrics::data::ResourceMetrics;
use tokio::time::Instant;

use crate::dynatrace::config::Config;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::encode::idle::Ended;
use crate::dynatrace::encode::lines::dimension_cache::DimensionCache;
use crate::dynatrace::encode::lines::metric_cache::{
    CachedMetric, MetadataCache, MetricCache, Statement,
};
use crate::dynatrace::encode::lines::points::{Point, PointReader, metric_type, millis};
use crate::dynatrace::encode::lines::resource::{Origin, OriginCache, ResourceDimensions};
use crate::dynatrace::encode::warnings::{Alterations, Diagnostics, EncodeReport, Subject};
use crate::dynatrace::health::DropReason;
use crate::line::{
    Batcher, LineEnd, MetricType, NotAdded, Rejected, TooManyDimensions, write_point,
};

/// The result of encoding one collection.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    pub(crate) bodies: Vec<Body>,
    pub(crate) report: EncodeReport,
}

/// Encodes collections as metric lines. Whatever repeats from one collection to the next is cached.
pub(crate) struct LinesEncoder {
    resource_dimensions: ResourceDimensions,
    origins: OriginCache,
    metrics: MetricCache,
    writer: LineWriter,
}

/// Writes points into bodies.
struct LineWriter {
    dimensions: DimensionCache,
    metadata: MetadataCache,
    /// The metadata line that precedes the next line; empty if none is due.
    metadata_line: String,
    batcher: Batcher,
    line_end: LineEnd,
    diagnostics: Diagnostics,
    /// The time of all lines, if it is not that of their data points.
    time_ms: Option<i64>,
}

/// The metric whose points are written.
struct MetricContext<'a> {
    subject: Subject<'a>,
    metric: &'a mut CachedMetric,
    metric_type: MetricType,
    origin: &'a Origin,
    now: Instant,
    /// The alterations of earlier points, which need no warning.
    explained: Alterations,
}

impl LinesEncoder {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            resource_dimensions: ResourceDimensions {
                names: config.options.resource_dimensions.clone(),
                instance: config.instance.clone(),
            },
            origins: OriginCache::default(),
            metrics: MetricCache::new(config.options.prefix.clone()),
            writer: LineWriter {
                dimensions: DimensionCache::new(
                    config.options.default_dimensions.clone(),
                    config.host_dimensions.clone(),
                ),
                metadata: MetadataCache::new(),
                metadata_line: String::new(),
                batcher: Batcher::new(config.max_lines(), config.options.max_bytes_per_request),
                line_end: LineEnd::default(),
                diagnostics: Diagnostics::new(),
                time_ms: None,
            },
        }
    }

    /// The time of all lines from now on, in place of the time of their data points.
    pub(crate) fn set_time(&mut self, time: SystemTime) {
        self.writer.time_ms = Some(millis(time));
    }

    /// Encodes one collection without the levels that have ended. Bodies that are full before the end
    /// of the collection are passed to `full`, so that they are sent meanwhile; the remaining bodies are
    /// returned.
    pub(crate) fn encode(
        &mut self,
        metrics: &ResourceMetrics,
        mut ended: Ended,
        now: Instant,
        mut full: impl FnMut(Vec<Body>),
    ) -> Encoded {
        self.writer.diagnostics.begin(now);
        // All metadata comes before the first line: if two metrics disagree, neither is described.
        self.state_metadata(metrics, now);

        let resource = self.resource_dimensions.of(metrics.resource());
        let mut points = PointReader::default();
        for scope in metrics.scope_metrics() {
            let origin = self.origins.get(&resource, scope.scope());
            for metric in scope.metrics() {
                let mut context = MetricContext {
                    subject: Subject::new(scope.scope(), metric),
                    metric: self.metrics.get(metric.name()),
                    metric_type: metric_type(metric),
                    origin,
                    now,
                    explained: Alterations::NONE,
                };
                let writer = &mut self.writer;
                writer.metadata_line.clear();
                if let Some(key) = &context.metric.key {
                    let line = &mut writer.metadata_line;
                    writer
                        .metadata
                        .write_due(line, key, context.metric_type, now);
                }
                let written = points.for_each(metric, &mut ended, |point| {
                    writer.write(&mut context, point);
                    if writer.batcher.has_full() {
                        let bodies = writer.batcher.take_full();
                        full(bodies.into_iter().map(Body::from).collect());
                    }
                });
                if let Err(unsupported) = written {
                    let reason = DropReason::UnsupportedTemporality;
                    let diagnostics = &mut writer.diagnostics;
                    diagnostics.drop_points(context.subject, reason, unsupported.points, || {
                        format!(
                            "its {:?} temporality cannot be sent: configure the reader to use \
                             for the temporality",
                            unsupported.temporality
                        )
                    });
                }
            }
        }

        self.origins.end_generation();
        self.metrics.end_generation();
        self.writer.dimensions.end_generation();
        self.writer.metadata.end_generation();
        let bodies = self.writer.batcher.finish();
        Encoded {
            bodies: bodies.into_iter().map(Body::from).collect(),
            report: self.writer.diagnostics.finish(),
        }
    }

    /// States the units and descriptions of all metrics of a collection.
    fn state_metadata(&mut self, metrics: &ResourceMetrics, now: Instant) {
        let scopes = metrics.scope_metrics();
        let in_scopes = scopes.flat_map(|it| it.metrics().map(|metric| (it.scope(), metric)));
        for (scope, metric) in in_scopes {
            let cached = self.metrics.get(metric.name());
            cached.set_unit(metric.unit());
            let Some(key) = &cached.key else { continue };
            let LineWriter {
                metadata,
                diagnostics,
                ..
            } = &mut self.writer;
            let subject = Subject::new(scope, metric);
            let (unit, description) = (cached.sent_unit.as_deref(), metric.description());
            let statement = metadata.state(key, unit.unwrap_or_default(), description, now);
            if unit.is_none() && metadata.leave_out_unit(key) {
                diagnostics.count_altered("unit");
                diagnostics.warn(subject, "unit", || {
                    format!(
                        "its unit {:?} is left out: a unit has at most 63 characters, which are ASCII \
                         letters, digits and `%[]{{}}/_`",
                        metric.unit()
                    )
                });
            }
            if statement == Statement::Disputed {
                diagnostics.count_altered("metadata");
                diagnostics.warn(subject, "metadata", || {
                    format!(
                        "its unit {:?} or description {description:?} differs from another metric with \
                         the key {:?}, so neither is sent; use the same unit and description",
                        metric.unit(),
                        key.as_str()
                    )
                });
            }
        }
    }
}

impl LineWriter {
    fn write(&mut self, context: &mut MetricContext<'_>, point: &Point<'_>) {
        let MetricContext {
            subject,
            metric,
            origin,
            explained,
            ..
        } = context;
        let diagnostics = &mut self.diagnostics;
        let Some(key) = &metric.key else {
            return diagnostics.drop_points(*subject, DropReason::InvalidKey, 1, || {
                "its name cannot be made a metric key, or makes one that begins with `dt.`, as only \
                 Dynatrace's own do"
                    .into()
            });
        };
        let order = &mut metric.order;
        let cached = self.dimensions.get(origin, order, point.attributes);
        let dimensions = match &cached.dimensions {
            Ok(dimensions) => dimensions,
            Err(TooManyDimensions(count)) => {
                return diagnostics.drop_points(*subject, DropReason::TooManyDimensions, 1, || {
                    format!("a point has {count} dimensions, default ones included; 50 is the most")
                });
            }
        };
        let line_end = self.line_end.at(self.time_ms.unwrap_or(point.timestamp_ms));
        let write = |out: &mut String| {
            write_point(out, key, dimensions, &point.payload)?;
            out.push_str(line_end);
            Ok(())
        };
        let written = if self.metadata_line.is_empty() {
            self.batcher.push(write)
        } else {
            let described = self.batcher.push_described(&self.metadata_line, write);
            described.map(|has_room| {
                self.metadata_line.clear();
                self.metadata
                    .written(key, context.metric_type, context.now, has_room);
                if !has_room {
                    diagnostics.count_altered("metadata");
                }
            })
        };
        if let Err(not_added) = written {
            let reason = match not_added {
                NotAdded::TooLong => DropReason::LineTooLong,
                NotAdded::Rejected(Rejected::NotFinite) => DropReason::NotFinite,
                NotAdded::Rejected(Rejected::InvalidSummary) => DropReason::InvalidSummary,
                NotAdded::Rejected(Rejected::EmptySummary) => DropReason::EmptySummary,
            };
            let explain = || format!("{:?} cannot be written as a metric line", point.payload);
            return diagnostics.drop_points(*subject, reason, 1, explain);
        }
        let altered = cached.altered | Alterations::METRIC_KEY.when(metric.is_altered);
        if altered != Alterations::NONE {
            for (alteration, reason) in altered.reasons() {
                diagnostics.count_altered(reason);
                if !explained.contains(alteration) {
                    let measured = point.attributes.iter().copied();
                    let attributes = origin.scope.iter().chain(measured);
                    let explain = || alteration.explain(key, attributes);
                    diagnostics.warn(*subject, reason, explain);
                }
            }
            *explained = *explained | altered;
        }
    }
}
