//! Judges the data points of a request one by one.

use std::fmt::Display;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::Metric as SentMetric;

use super::attributes::Dimensions;
use super::read::{SentPoint, is_about_the_name, milliseconds, points};
use super::text::RefusedText;
use super::{attributes, limits, name, text};
use crate::protocol::{ErrorKind, Kind, Line, LineError, Metadata, MetricType, Payload, Reader};
use crate::store::data_point::{Data, DataPoint, Metric};
use crate::store::{Noted, Rejected};

/// The judged data points of a request.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// The accepted data points, as metric lines.
    pub(crate) lines: Vec<Line>,
    /// The accepted data points as received, in the order of `lines`.
    pub(crate) points: Vec<DataPoint>,
    /// Units and descriptions, once per metric.
    pub(crate) metadata: Vec<Metadata>,
    pub(crate) rejected: Vec<Rejected>,
    /// The parts of accepted data points that are not stored.
    pub(crate) noted: Vec<Noted>,
    /// The reasons for refusals and the notes, each once per metric.
    pub(crate) reasons: Vec<String>,
}

/// Maximum number of reasons.
const MAX_REASONS: usize = 20;

/// Maximum length of the name of a refused data point, in UTF-16 code units.
const MAX_NAME: usize = 1_000;

/// Judges each data point on its own. The first `refused_on_demand` valid ones are refused.
pub(crate) fn judge(
    request: &ExportMetricsServiceRequest,
    reader: &Reader,
    refused_on_demand: usize,
) -> Judged {
    let mut judge = Judge {
        reader,
        to_refuse: refused_on_demand,
        number: 0,
        judged: Judged::default(),
    };
    for metrics in &request.resource_metrics {
        let sent_resource = metrics.resource.as_ref();
        let resource = sent_resource.map(|resource| attributes::texts(&resource.attributes));
        let resource: Arc<[_]> = resource.unwrap_or_default().into();
        for scoped in &metrics.scope_metrics {
            let scope = scoped.scope.as_ref();
            let mut common = Dimensions::default();
            common.add(scope.map_or(&[], |scope| &scope.attributes));
            common.add(sent_resource.map_or(&[], |resource| &resource.attributes));
            let scope: Arc<str> = scope.map_or("", |scope| &scope.name).into();
            for metric in &scoped.metrics {
                let properties = Metric {
                    name: metric.name.clone(),
                    unit: metric.unit.clone(),
                    description: metric.description.clone(),
                    scope: Arc::clone(&scope),
                    resource: Arc::clone(&resource),
                };
                judge.metric(metric, &Arc::new(properties), &mut common);
            }
        }
    }
    judge.judged
}

struct Judge<'a> {
    reader: &'a Reader,
    to_refuse: usize,
    /// Number of data points so far.
    number: usize,
    judged: Judged,
}

impl Judge<'_> {
    /// Judges the data points of a metric; `common` has the dimensions of its scope and resource.
    fn metric(&mut self, sent: &SentMetric, metric: &Arc<Metric>, common: &mut Dimensions) {
        let key = name::metric_key(&metric.name);
        let mut is_first = true;
        for point in points(sent) {
            self.number += 1;
            let line = match &key {
                Ok(key) => self.line(key, &point, common),
                Err(error) => Err(error.clone()),
            };
            match line {
                Ok((line, data)) => {
                    if is_first {
                        self.judged.metadata.extend(metadata(metric, &line));
                        is_first = false;
                    }
                    for note in &line.notes {
                        self.add_reason(metric, note);
                        let noted = Noted::new(&line.text, note.clone(), self.number);
                        self.judged.noted.push(noted);
                    }
                    self.judged.lines.push(line);
                    self.judged.points.push(DataPoint {
                        metric: Arc::clone(metric),
                        attributes: attributes::texts(point.attributes),
                        data,
                        start_time_ns: point.start_time_ns,
                        time_ns: point.time_ns,
                    });
                }
                Err(error) => {
                    self.add_reason(metric, &error);
                    let rejected = refused(metric, &point, error, self.number);
                    self.judged.rejected.push(rejected);
                }
            }
        }
    }

    fn line(
        &mut self,
        key: &str,
        point: &SentPoint<'_>,
        common: &mut Dimensions,
    ) -> Result<(Line, Data), ErrorKind> {
        let mut dimensions = Dimensions::default();
        dimensions.add(point.attributes);
        dimensions.add_common(common);
        let Dimensions { stored, notes } = dimensions;
        if stored.len() > limits::DIMENSIONS {
            return Err(ErrorKind::TooManyDimensions);
        }
        let (data, payload) = point.measured.clone()?;
        let timestamp_ms = milliseconds(point.time_ns);
        if let Some(timestamp) = timestamp_ms {
            self.reader.check_time(timestamp)?;
        }
        if self.to_refuse > 0 {
            self.to_refuse -= 1;
            return Err(ErrorKind::OnDemand);
        }
        let line = Line {
            text: text::line(key, &stored, payload, timestamp_ms),
            key: key.to_owned(),
            dimensions: stored,
            payload,
            timestamp_ms,
            notes,
        };
        Ok((line, data))
    }

    fn add_reason(&mut self, metric: &Metric, reason: &impl Display) {
        let reasons = &mut self.judged.reasons;
        let name = name::cut(&metric.name, limits::METRIC_KEY);
        let reason = format!("{name}: {reason}");
        if reasons.len() < MAX_REASONS && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
}

/// Unit and description as Dynatrace stores them; `None` if there is neither.
fn metadata(metric: &Metric, line: &Line) -> Option<Metadata> {
    let unit = name::unit(&metric.unit);
    let description = name::description(&metric.description);
    if unit.is_none() && description.is_none() {
        return None;
    }
    let mut metadata = Metadata {
        text: String::new(),
        key: line.key.clone(),
        metric_type: metric_type(line.payload),
        unit,
        description,
        display_name: None,
    };
    metadata.text = text::metadata(&metadata);
    Some(metadata)
}

fn metric_type(payload: Payload) -> MetricType {
    match payload.kind() {
        Kind::Count => MetricType::Count,
        Kind::Gauge | Kind::Summary => MetricType::Gauge,
    }
}

fn refused(metric: &Metric, point: &SentPoint<'_>, error: ErrorKind, number: usize) -> Rejected {
    let attributes = attributes::texts(point.attributes);
    let shown = RefusedText::new(
        name::cut(&metric.name, MAX_NAME),
        &attributes,
        &point.description,
    );
    let offset = match &error {
        error if is_about_the_name(error) => 0,
        ErrorKind::TooManyDimensions => {
            let first_too_many = shown.dimensions.get(limits::DIMENSIONS);
            first_too_many.copied().unwrap_or(shown.measured)
        }
        _ => shown.measured,
    };
    let error = LineError::about(&shown.text, offset, error);
    Rejected::new(&shown.text, error, number)
}
