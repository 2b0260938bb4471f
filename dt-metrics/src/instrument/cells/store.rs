//! The one store of the process: every slot, and the series that the slot counts.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::time::Instant;

use foldhash::fast::RandomState;

use super::block::Pair;
use super::slots::{SlotTable, Slots};
use super::sync::Mutex;
use crate::descriptor::{Descriptor, Kind, Registration};
use crate::instrument::dimension::set::KeptSet;
use crate::instrument::dimension::value::{OwnedValue, Value};

pub(crate) static SLOTS: Slots<Series> = Slots {
    table: Mutex::new(SlotTable::new()),
};

/// The dimension that marks the overflow series, as OpenTelemetry names it.
const OVERFLOW: [(&str, OwnedValue); 1] = [("otel.metric.overflow", OwnedValue::Bool(true))];

/// The owner that assigned slots to series: it has the dimensions that they share, and must be notified
/// when a series has retired.
pub(crate) trait SeriesOwner: Sync {
    /// Calls `each` with the dimensions of the series that has these values of its own, in the order
    /// written.
    fn dimensions(
        &self,
        values: &[Option<OwnedValue>],
        each: &mut dyn FnMut(&'static str, OwnedValue),
    );

    /// Frees the places of retired series for new series. `slots` is sorted.
    fn forget(&self, slots: &[u32]);
}

/// The instruments that count and time the same calls, by the address of either descriptor.
static TWINS: LazyLock<HashMap<usize, &'static Twins>> = LazyLock::new(Twins::find_all);

/// Seeded differently in each process, as all hashes of values are.
static PAIRS: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// A counter and a histogram that one annotation makes: each call adds 1, then records a value, with
/// the same dimensions.
pub(crate) struct Twins {
    /// Distinguishes twins.
    id: usize,
    /// Whether the two may disagree about the series of a call, since one of them has reached its
    /// limit of series.
    disagree: AtomicBool,
}

impl Twins {
    fn find_all() -> HashMap<usize, &'static Self> {
        let mut all = HashMap::new();
        for (id, registration) in inventory::iter::<Registration>().enumerate() {
            let (mut counter, mut histogram) = (None, None);
            registration
                .0
                .for_each(&mut |descriptor| match descriptor.kind {
                    Kind::Counter => counter = Some(descriptor),
                    Kind::Histogram => histogram = Some(descriptor),
                    Kind::UpDownCounter | Kind::Gauge => {}
                });
            if let (Some(counter), Some(histogram)) = (counter, histogram)
                && counter.dimension_keys == histogram.dimension_keys
            {
                let twins: &Self = Box::leak(Box::new(Self {
                    id,
                    disagree: AtomicBool::new(false),
                }));
                for descriptor in [counter, histogram] {
                    all.insert(core::ptr::from_ref::<Descriptor>(descriptor).addr(), twins);
                }
            }
        }
        all
    }

    /// The pair of the series with these dimensions.
    fn pair(&self, series: &Series) -> Pair {
        let mut hasher = PAIRS.build_hasher();
        self.id.hash(&mut hasher);
        series.for_each_dimension(&mut |key, value| {
            let value = value.as_value();
            (key, core::mem::discriminant(&value)).hash(&mut hasher);
            match value {
                Value::Str(text) => text.hash(&mut hasher),
                Value::Bool(value) => value.hash(&mut hasher),
                Value::I64(value) => value.hash(&mut hasher),
                Value::U64(value) => value.hash(&mut hasher),
                Value::F64(value) => value.to_bits().hash(&mut hasher),
                Value::ShortText(text) => text.hash(&mut hasher),
            }
        });
        hasher.finish()
    }

    /// The twins of which this is the descriptor, as the annotation made it.
    fn of(descriptor: &'static Descriptor) -> Option<&'static Self> {
        TWINS.get(&core::ptr::from_ref(descriptor).addr()).copied()
    }
}

/// The values of a series that are not in cells. Most counters and histograms have none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Values {
    /// The last value of a gauge.
    pub(crate) last: Option<f64>,
    /// When a collection last saw that the gauge was set.
    #[cfg_attr(
        not(feature = "dynatrace"),
        allow(dead_code, reason = "read by the pipeline")
    )]
    pub(crate) set_at: Option<Instant>,
    /// The sum of an up-down counter that was handed over. The next pipeline begins with it.
    #[cfg_attr(
        not(feature = "dynatrace"),
        allow(dead_code, reason = "read by the pipeline")
    )]
    pub(crate) level: i128,
    /// Values that were NaN or infinite since the last collection.
    pub(crate) not_finite: u64,
}

/// One series: an instrument and the values of its dimensions.
#[expect(
    clippy::struct_excessive_bools,
    reason = "three describe the series, and two describe changes of a gauge"
)]
pub(crate) struct Series {
    /// The instrument.
    pub(crate) descriptor: &'static Descriptor,
    /// The owner of the slot.
    pub(crate) owner: &'static dyn SeriesOwner,
    dimensions: Dimensions,
    /// Whether this is the overflow series, which stands for all combinations beyond the limit.
    pub(crate) overflow: bool,
    /// Whether this is one combination beyond the limit, which only a capture distinguishes.
    beyond_limit: bool,
    /// Whether the instrument can have any number of series, as far as their values are concerned.
    pub(crate) is_one_of_any_number: bool,
    /// Whether the gauge was set since the last collection.
    pub(crate) is_set: bool,
    /// Whether no handle of the series is left: the value of a gauge ends once it was pushed.
    pub(crate) is_ended: bool,
    values: Option<Box<Values>>,
    /// The pair of a series that has a twin.
    twin: Option<(&'static Twins, Pair)>,
}

/// The dimensions of a series.
enum Dimensions {
    /// The values that distinguish it from other series of its owner. A value that is `None` leaves the
    /// dimension out.
    Values(KeptSet),
    /// Keys and values, in the order written, of a series with keys that its owner does not have.
    Listed(Box<Listed>),
}

/// Boxed twice, so that all other series are small.
struct Listed(Box<[(&'static str, OwnedValue)]>);

impl Series {
    /// The series of one combination of values.
    pub(crate) fn new(
        descriptor: &'static Descriptor,
        owner: &'static dyn SeriesOwner,
        values: KeptSet,
    ) -> Self {
        Self::with(descriptor, owner, Dimensions::Values(values))
    }

    /// The series with these dimensions.
    pub(crate) fn listed(
        descriptor: &'static Descriptor,
        owner: &'static dyn SeriesOwner,
        dimensions: Vec<(&'static str, OwnedValue)>,
    ) -> Self {
        let listed = Listed(dimensions.into());
        Self::with(descriptor, owner, Dimensions::Listed(Box::new(listed)))
    }

    fn with(
        descriptor: &'static Descriptor,
        owner: &'static dyn SeriesOwner,
        dimensions: Dimensions,
    ) -> Self {
        let twins = Twins::of(descriptor);
        let mut series = Self {
            descriptor: descriptor.named(),
            owner,
            dimensions,
            overflow: false,
            beyond_limit: false,
            is_one_of_any_number: false,
            is_set: false,
            is_ended: false,
            values: None,
            twin: None,
        };
        series.twin = twins.map(|twins| (twins, twins.pair(&series)));
        series
    }

    /// Calls `each` with keys and values, in the order written.
    fn for_each_dimension(&self, each: &mut dyn FnMut(&'static str, OwnedValue)) {
        match &self.dimensions {
            _ if self.overflow => {
                for (key, value) in OVERFLOW {
                    each(key, value);
                }
            }
            Dimensions::Values(values) => self.owner.dimensions(values, each),
            Dimensions::Listed(listed) => {
                for (key, value) in &listed.0 {
                    each(key, value.clone());
                }
            }
        }
    }

    /// Keys and values, in the order written.
    pub(crate) fn dimensions(&self) -> Vec<(&'static str, OwnedValue)> {
        let mut dimensions = Vec::new();
        self.for_each_dimension(&mut |key, value| dimensions.push((key, value)));
        dimensions
    }

    #[cfg_attr(
        not(feature = "dynatrace"),
        allow(dead_code, reason = "read by the pipeline")
    )]
    pub(crate) fn values(&self) -> Values {
        self.values.as_deref().copied().unwrap_or_default()
    }

    pub(crate) fn values_mut(&mut self) -> &mut Values {
        self.values.get_or_insert_default()
    }

    /// The overflow series of an instrument.
    pub(crate) fn overflow(
        descriptor: &'static Descriptor,
        owner: &'static dyn SeriesOwner,
    ) -> Self {
        Self {
            overflow: true,
            ..Self::new(descriptor, owner, KeptSet::default()).without_twin()
        }
    }

    /// Ends all pairs of the instrument, since it has reached its limit of series.
    fn without_twin(mut self) -> Self {
        if let Some((twins, _)) = self.twin.take() {
            twins.disagree.store(true, Ordering::Relaxed);
        }
        self
    }

    /// Marks this combination as one beyond the limit: a capture sees its dimensions, and the
    /// pipeline exports it as overflow.
    pub(crate) fn beyond_limit(self) -> Self {
        Self {
            beyond_limit: true,
            ..self.without_twin()
        }
    }

    /// Whether the pipeline exports this series as the overflow series.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn is_exported_as_overflow(&self) -> bool {
        self.overflow || self.beyond_limit
    }

    /// The dimensions to export.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn exported(&self) -> Vec<(&'static str, OwnedValue)> {
        if self.beyond_limit {
            OVERFLOW.into()
        } else {
            self.dimensions()
        }
    }

    /// The counts and values that belong in the same collection.
    pub(crate) fn pair(&self) -> Option<Pair> {
        let (twins, pair) = self.twin?;
        (!twins.disagree.load(Ordering::Relaxed)).then_some(pair)
    }

    /// Whether the cells can shrink as well.
    pub(crate) fn is_signed(&self) -> bool {
        matches!(self.descriptor.kind, Kind::UpDownCounter | Kind::Histogram)
    }

    /// Whether the series stays as long as the sum of its cells is not 0: timers run, or an up-down
    /// counter has a level.
    #[cfg_attr(
        not(feature = "dynatrace"),
        allow(dead_code, reason = "read by the pipeline")
    )]
    pub(crate) fn is_pinned_by_sum(&self) -> bool {
        matches!(self.descriptor.kind, Kind::UpDownCounter | Kind::Histogram)
    }

    /// Forgets all that was measured: it belongs to the process that this one was forked from.
    pub(crate) fn forget(&mut self) {
        self.is_set = false;
        if let Some(values) = &mut self.values {
            **values = Values::default();
        }
    }

    /// Whether the sum of the series' cells is the number of its running timers. A histogram keeps
    /// its values in rings, so its cells are free for that.
    pub(crate) fn counts_timers(&self) -> bool {
        self.descriptor.kind == Kind::Histogram
    }
}

/// Runs `f` with the descriptor of every instrument that has been used. `f` must not measure.
pub(crate) fn for_each_descriptor(mut f: impl FnMut(&'static Descriptor)) {
    for (_, entry) in SLOTS.lock().entries() {
        f(entry.series.descriptor);
    }
}

/// Whether an instrument with this name, which is case-insensitive, has reached its limit of series.
#[cfg(feature = "dynatrace")]
pub(crate) fn has_overflow_series(name: &str) -> bool {
    SLOTS.lock().entries().any(|(_, entry)| {
        let series = &entry.series;
        series.is_exported_as_overflow() && series.descriptor.name.eq_ignore_ascii_case(name)
    })
}

/// All that was ever added to the counters with this name.
#[cfg(test)]
pub(crate) fn total(name: &str) -> u64 {
    let slots = SLOTS.lock();
    slots
        .entries()
        .filter(|(_, entry)| entry.series.descriptor.name == name)
        .fold(0, |sum, (slot, _)| sum + slots.total(slot))
}
