//! Findings of a collection, which are reported when no lock is held.

use std::collections::BTreeMap;

use crate::descriptor::Descriptor;

/// Findings of a collection, to be reported when no lock is held.
#[derive(Default)]
pub(super) struct Findings {
    /// Some instrument is not made yet.
    pub(super) unprepared: bool,
    /// Instruments that have reached their limit of series.
    pub(super) full: Vec<&'static Descriptor>,
    /// Points of instruments whose name another instrument has.
    pub(super) refused: LostPoints,
    /// Values that are NaN or infinite.
    pub(super) not_finite: LostPoints,
    /// Values of observed counters that are below zero.
    pub(super) negative: LostPoints,
    /// Sums that are out of range.
    pub(super) saturated: LostPoints,
    /// Instruments whose sums were never out of range before.
    pub(super) saturating: Vec<&'static Descriptor>,
}

/// Points that are not handed over, by the metric's name.
#[derive(Default)]
pub(super) struct LostPoints(BTreeMap<&'static str, u64>);

impl LostPoints {
    pub(super) fn add(&mut self, metric: &'static str) {
        self.add_points(metric, 1);
    }

    pub(super) fn add_points(&mut self, metric: &'static str, points: u64) {
        *self.0.entry(metric).or_default() += points;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(metric, points)| (*metric, *points))
    }
}
