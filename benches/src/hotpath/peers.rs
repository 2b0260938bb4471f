//! Other libraries, each used as its documentation shows.

// Expansions of the peers.
#![allow(clippy::pedantic, reason = "written by the peers' macros")]

use std::hint::black_box;

use measured::label::StaticLabelSet;
use measured::{CounterVec, FixedCardinalityLabel, LabelGroup};
use metrics_exporter_prometheus::PrometheusBuilder;
use prometheus::{IntCounterVec, Opts};

use crate::measure::Candidate;

#[derive(Clone, Copy, FixedCardinalityLabel)]
enum Region {
    Eu,
    Us,
    Asia,
}

#[derive(Clone, Copy, FixedCardinalityLabel)]
enum Tier {
    Free,
    Gold,
}

#[derive(Clone, Copy, LabelGroup)]
#[label(set = LabelsSet)]
struct Labels {
    region: Region,
    tier: Tier,
}

#[inline(never)]
fn metrics_counter() {
    metrics::counter!("bench", "region" => "eu", "tier" => "gold").increment(1);
}

#[inline(never)]
fn prometheus_counter(counter: &IntCounterVec, region: &str, tier: &str) {
    counter.with_label_values(&[region, tier]).inc();
}

#[inline(never)]
fn measured_counter(counter: &CounterVec<LabelsSet>, labels: Labels) {
    counter.inc(labels);
}

#[autometrics::autometrics]
#[inline(never)]
fn autometrics_function() {}

#[tracing::instrument]
#[inline(never)]
fn tracing_function() {}

pub(super) fn candidates() -> Vec<Candidate> {
    // Fails if there is one already, and there is none.
    metrics::set_global_recorder(PrometheusBuilder::new().build_recorder()).ok();
    let counter = measured::CounterVec::with_label_set(LabelsSet {
        region: StaticLabelSet::new(),
        tier: StaticLabelSet::new(),
    });
    let mut candidates = vec![
        Candidate::new(
            "`metrics::counter!`, Prometheus recorder, two literal labels",
            |calls| {
                for _ in 0..calls {
                    metrics_counter();
                }
            },
        ),
        Candidate::new("`measured`, two enum labels", move |calls| {
            let labels = black_box(Labels {
                region: Region::Eu,
                tier: Tier::Gold,
            });
            for _ in 0..calls {
                measured_counter(&counter, labels);
            }
        }),
        Candidate::new("`#[autometrics]`, Prometheus backend", |calls| {
            for _ in 0..calls {
                autometrics_function();
            }
        }),
        Candidate::new("`#[tracing::instrument]`, no subscriber", |calls| {
            for _ in 0..calls {
                tracing_function();
            }
        }),
    ];
    if let Ok(counter) = IntCounterVec::new(Opts::new("bench", "bench"), &["region", "tier"]) {
        candidates.insert(
            1,
            Candidate::new(
                "`prometheus`, `with_label_values`, two runtime labels",
                move |calls| {
                    let (region, tier) = black_box(("eu", "gold"));
                    for _ in 0..calls {
                        prometheus_counter(&counter, region, tier);
                    }
                },
            ),
        );
    }
    candidates
}
