//! The service-level objectives of metrics, with the queries that measure them.

use std::fmt::Write;

use super::dql::{AVERAGE, Column, Query, Rate, number};
use super::metric::{ExportedMetric, OUTCOME};
use super::metrics::Metrics;
use crate::catalog::{InstrumentKind, Objective};

/// Maximum number of characters of a program's description in a generated text.
const DESCRIPTION: usize = 1_000;

/// An objective that a query can measure.
pub(super) struct Goal<'a> {
    metric: &'a ExportedMetric,
    /// The share of calls, as a percentage.
    pub(super) percent: f64,
    measure: Measure,
}

#[derive(Clone, Copy)]
enum Measure {
    Success,
    /// A time in seconds, and in the unit of the metric.
    Latency {
        seconds: f64,
        threshold: f64,
    },
}

/// A condition that violates an objective.
pub(super) struct Violation {
    pub(super) query: String,
    /// A column of the query above this number is a violation.
    pub(super) threshold: String,
    /// The type of the event that Dynatrace raises.
    pub(super) event: &'static str,
    pub(super) text: String,
}

impl<'a> Goal<'a> {
    /// The objectives of these metrics, and the objectives that no query can measure, with the reasons.
    pub(super) fn all(metrics: &'a Metrics) -> (Vec<Self>, Vec<String>) {
        let mut goals = Vec::new();
        let mut unused = Vec::new();
        for metric in &metrics.metrics {
            match metric
                .objective
                .map(|objective| Self::of(metric, objective))
            {
                Some(Ok(goal)) => goals.push(goal),
                Some(Err(reason)) => {
                    unused.push(format!("the objective of {}: {reason}", metric.key));
                }
                None => {}
            }
        }
        (goals, unused)
    }

    fn of(metric: &'a ExportedMetric, objective: Objective) -> Result<Self, &'static str> {
        let (share, measure) = match objective {
            Objective::Success { success } => {
                if metric.kind != InstrumentKind::Counter || !metric.has(OUTCOME) {
                    return Err("it needs a counter with the dimension `outcome`");
                }
                (success, Measure::Success)
            }
            Objective::Latency {
                latency,
                percentile,
            } => {
                let factor = match &*metric.unit {
                    "s" => 1.0,
                    "ms" => 1e3,
                    "us" => 1e6,
                    "ns" => 1e9,
                    _ => return Err("it needs a metric in seconds, or a part of a second"),
                };
                if metric.kind != InstrumentKind::Histogram {
                    return Err("it needs a histogram");
                }
                let is_time = latency.is_finite() && latency > 0.0;
                if !is_time {
                    return Err("the latency must be longer than 0 seconds");
                }
                let threshold = latency * factor;
                (
                    percentile,
                    Measure::Latency {
                        seconds: latency,
                        threshold,
                    },
                )
            }
        };
        if share > 0.0 && share <= 1.0 {
            Ok(Self {
                metric,
                percent: share * 100.0,
                measure,
            })
        } else {
            Err("the share must be more than 0 and at most 100%")
        }
    }

    /// The name of the objective, unique among those of a program.
    pub(super) fn name(&self) -> String {
        let key = &self.metric.key;
        match self.measure {
            Measure::Success => {
                let function = key.strip_suffix(".calls").unwrap_or(key);
                format!("{function}: successful calls")
            }
            Measure::Latency { seconds, .. } => {
                let function = key.strip_suffix(".duration").unwrap_or(key);
                format!("{function}: calls within {}", time(seconds))
            }
        }
    }

    /// The objective in words, and where it comes from.
    pub(super) fn description(&self) -> String {
        let share = number(self.percent);
        let mut text = match self.measure {
            Measure::Success => {
                format!("At least {share}% of calls have the outcome `ok`.")
            }
            Measure::Latency { seconds, .. } => {
                let time = time(seconds);
                let objective = format!("At least {share}% of calls take at most {time}.");
                if self.metric.has_buckets {
                    objective
                } else {
                    format!(
                        "{objective} Metric lines carry no distribution, so this is measured as the share of \
                         time slots in which the average call takes at most {time}. Send over OTLP to \
                         measure each call."
                    )
                }
            }
        };
        let described = self.metric.description.trim();
        if !described.is_empty() {
            text.push_str("\n\n");
            text.extend(described.chars().take(DESCRIPTION));
        }
        let unit = match &*self.metric.unit {
            "" => String::new(),
            unit => format!(" ({unit})"),
        };
        // Writing to a `String` never fails.
        let _ = write!(text, "\n\nMetric: {}{unit}", self.metric.key);
        if !self.metric.locations.is_empty() {
            let _ = write!(text, ", of {}", self.metric.locations.join(", "));
        }
        text
    }

    /// A query with the column `sli`: the share of calls that meet the objective, as a percentage.
    ///
    /// It follows the queries of Dynatrace's templates, for example in
    /// <https://github.com/dynatrace-oss/terraform-provider-dynatrace/blob/main/docs/resources/platform_slo.md>.
    pub(super) fn indicator(&self) -> String {
        match self.measure {
            Measure::Success => self.rate("sli", false, None),
            Measure::Latency { threshold, .. } if self.metric.has_buckets => {
                self.query(&[Column::share_up_to("sli", threshold)], None)
            }
            // A time slot without a call has no value.
            Measure::Latency { threshold, .. } => format!(
                "{}\n| fieldsAdd sli = iCollectArray(if(isNotNull(average[]), \
                 if(average[] <= {}, 100, else: 0)))\n| fieldsRemove average",
                self.query(&[AVERAGE], None),
                number(threshold)
            ),
        }
    }

    /// The condition of an alert: more failures, or slower calls, than the objective allows.
    pub(super) fn violation(&self) -> Violation {
        // Anomaly detectors evaluate a value per minute.
        let interval = Some("1m");
        match self.measure {
            Measure::Success => {
                let budget = number(100.0 - self.percent);
                Violation {
                    query: self.rate("error_rate", true, interval),
                    text: format!("More than {budget}% of calls do not have the outcome `ok`."),
                    threshold: budget,
                    event: "ERROR_EVENT",
                }
            }
            Measure::Latency { seconds, threshold } => {
                let time = time(seconds);
                let (column, slow) = if self.metric.has_buckets {
                    let share = number(100.0 - self.percent);
                    (
                        Column::percentile("slow", self.percent),
                        format!("More than {share}% of calls take longer than {time}."),
                    )
                } else {
                    (
                        AVERAGE,
                        format!("The average call takes longer than {time}."),
                    )
                };
                Violation {
                    query: self.query(&[column], interval),
                    text: slow,
                    threshold: number(threshold),
                    event: "PERFORMANCE_EVENT",
                }
            }
        }
    }

    fn query(&self, columns: &[Column], interval: Option<&'static str>) -> String {
        let query = Query {
            metric: &self.metric.key,
            columns,
            by: Vec::new(),
            filters: Vec::new(),
            interval,
        };
        query.text()
    }

    fn rate(
        &self,
        column: &'static str,
        of_failures: bool,
        interval: Option<&'static str>,
    ) -> String {
        let rate = Rate {
            column,
            of_failures,
            metric: &self.metric.key,
            by: Vec::new(),
            filters: Vec::new(),
            interval,
        };
        rate.text()
    }
}

impl Metrics {
    /// Whether a metric has an objective that a query can measure.
    #[must_use]
    pub fn has_objectives(&self) -> bool {
        !Goal::all(self).0.is_empty()
    }

    /// Descriptions of the objectives that no query can measure, with the reasons.
    #[must_use]
    pub fn unused_objectives(&self) -> Vec<String> {
        Goal::all(self).1
    }
}

/// A time in the largest unit in which it is at least 1.
fn time(seconds: f64) -> String {
    let units = [(1.0, "s"), (1e3, "ms"), (1e6, "µs")];
    let unit = units
        .into_iter()
        .find(|(factor, _)| seconds * factor >= 1.0);
    let (factor, unit) = unit.unwrap_or((1e9, "ns"));
    format!("{} {unit}", number(seconds * factor))
}
