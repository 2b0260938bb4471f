//! The one store of the process: every slot, and the series that the slot counts.

use core::num::NonZero;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};
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

/// The instruments that count and time the same calls.
static TWINS: LazyLock<AllTwins> = LazyLock::new(AllTwins::find);

/// Seeded differently in each process, as all hashes of values are.
static PAIRS: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// A counter and a histogram that one annotation makes: each call adds 1, then records a value, with
/// the same dimensions.
#[derive(Clone, Copy, Hash)]
struct TwinsId(NonZero<u32>);

struct AllTwins {
    /// By the address of either descriptor.
    ids: HashMap<usize, TwinsId>,
    /// By number: whether the two may disagree about the series of a call, since one of them has reached its
    /// limit of series.
    disagree: Vec<AtomicBool>,
}

impl AllTwins {
    fn find() -> Self {
        let mut found = Self {
            ids: HashMap::new(),
            disagree: Vec::new(),
        };
        for registration in inventory::iter::<Registration>() {
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
                found.disagree.push(AtomicBool::new(false));
                let number = u32::try_from(found.disagree.len()).ok();
                let Some(id) = number.and_then(NonZero::new) else {
                    break;
                };
                for descriptor in [counter, histogram] {
                    found.ids.insert(address(descriptor), TwinsId(id));
                }
            }
        }
        found
    }

    /// The twins of which this is a descriptor, as the annotation made it.
    fn of(&self, descriptor: &'static Descriptor) -> Option<TwinsId> {
        self.ids.get(&address(descriptor)).copied()
    }

    fn disagree(&self, TwinsId(number): TwinsId) -> &AtomicBool {
        // There are no twins without an entry.
        &self.disagree[number.get() as usize - 1]
    }
}

fn address(descriptor: &'static Descriptor) -> usize {
    core::ptr::from_ref(descriptor).addr()
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
pub(crate) struct Series {
    /// The instrument.
    pub(crate) descriptor: &'static Descriptor,
    /// The owner of the slot.
    pub(crate) owner: &'static dyn SeriesOwner,
    dimensions: Dimensions,
    values: Option<Box<Values>>,
    /// The [pair](Self::pair) of a series that has a twin.
    pair: Pair,
    /// The twins of which the instrument is one.
    twins: Option<TwinsId>,
    limit: Limit,
    /// Whether the instrument can have any number of series, as far as their values are concerned.
    pub(crate) is_one_of_any_number: bool,
    /// Whether the gauge was set since the last collection.
    pub(crate) is_set: bool,
    /// Whether no handle of the series is left: the value of a gauge ends once it was pushed.
    pub(crate) is_ended: bool,
}

/// Where a series is with respect to the instrument's limit of series.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Limit {
    Within,
    /// One combination beyond the limit, which only a capture distinguishes.
    Beyond,
    /// The overflow series, which stands for all combinations beyond the limit.
    Overflow,
}

/// The dimensions of a series.
enum Dimensions {
    /// The values that distinguish it from other series of its owner. A value that is `None` leaves the
    /// dimension out.
    Values(KeptSet),
    /// Keys and values, in the order written, of a series with keys that its owner does not have.
    Listed(Box<Listed>),
}

/// In a box, so that all other series are small.
struct Listed {
    /// The values that distinguish the series.
    values: KeptSet,
    all: Vec<(&'static str, OwnedValue)>,
}

impl Series {
    /// The series of one combination of values.
    pub(crate) fn new(
        descriptor: &'static Descriptor,
        owner: &'static dyn SeriesOwner,
        values: KeptSet,
    ) -> Self {
        Self::with(descriptor, owner, Dimensions::Values(values))
    }

    /// The series of one combination of values, with these dimensions.
    pub(crate) fn listed(
        descriptor: &'static Descriptor,
        owner: &'static dyn SeriesOwner,
        values: KeptSet,
        dimensions: Vec<(&'static str, OwnedValue)>,
    ) -> Self {
        let listed = Listed {
            values,
            all: dimensions,
        };
        Self::with(descriptor, owner, Dimensions::Listed(Box::new(listed)))
    }

    fn with(
        descriptor: &'static Descriptor,
        owner: &'static dyn SeriesOwner,
        dimensions: Dimensions,
    ) -> Self {
        let mut series = Self {
            descriptor: descriptor.named(),
            owner,
            dimensions,
            values: None,
            pair: 0,
            twins: TWINS.of(descriptor),
            limit: Limit::Within,
            is_one_of_any_number: false,
            is_set: false,
            is_ended: false,
        };
        if let Some(twins) = series.twins {
            series.pair = series.pair_of(twins);
        }
        series
    }

    /// The pair of the series of these twins with these dimensions.
    fn pair_of(&self, twins: TwinsId) -> Pair {
        let mut hasher = PAIRS.build_hasher();
        twins.hash(&mut hasher);
        self.for_each_dimension(&mut |key, value| {
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

    /// Calls `each` with keys and values, in the order written.
    fn for_each_dimension(&self, each: &mut dyn FnMut(&'static str, OwnedValue)) {
        match &self.dimensions {
            _ if self.is_overflow() => {
                for (key, value) in OVERFLOW {
                    each(key, value);
                }
            }
            Dimensions::Values(values) => self.owner.dimensions(values, each),
            Dimensions::Listed(listed) => {
                for (key, value) in &listed.all {
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

    /// The values that distinguish it from other series of its owner; `None` if that is not `owner`.
    pub(crate) fn values_of(&self, owner: &dyn SeriesOwner) -> Option<KeptSet> {
        let values = match &self.dimensions {
            Dimensions::Values(values) => values,
            Dimensions::Listed(listed) => &listed.values,
        };
        let is_own = core::ptr::addr_eq(self.owner, owner);
        is_own.then(|| Arc::clone(values))
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
            limit: Limit::Overflow,
            ..Self::new(descriptor, owner, KeptSet::default()).without_twin()
        }
    }

    /// Ends all pairs of the instrument, since it has reached its limit of series.
    fn without_twin(mut self) -> Self {
        if let Some(twins) = self.twins.take() {
            TWINS.disagree(twins).store(true, Ordering::Relaxed);
        }
        self
    }

    /// Marks this combination as one beyond the limit: a capture sees its dimensions, and the
    /// pipeline exports it as overflow.
    pub(crate) fn beyond_limit(self) -> Self {
        Self {
            limit: Limit::Beyond,
            ..self.without_twin()
        }
    }

    /// Whether this is the overflow series.
    pub(crate) fn is_overflow(&self) -> bool {
        self.limit == Limit::Overflow
    }

    /// Whether the pipeline exports this series as the overflow series.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn is_exported_as_overflow(&self) -> bool {
        self.limit != Limit::Within
    }

    /// The dimensions to export.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn exported(&self) -> Vec<(&'static str, OwnedValue)> {
        let mut exported = Vec::new();
        self.for_each_exported(&mut |key, value| exported.push((key, value)));
        exported
    }

    /// Calls `each` with the dimensions to export.
    #[cfg(feature = "dynatrace")]
    pub(crate) fn for_each_exported(&self, each: &mut dyn FnMut(&'static str, OwnedValue)) {
        if self.is_exported_as_overflow() {
            for (key, value) in OVERFLOW {
                each(key, value);
            }
        } else {
            self.for_each_dimension(each);
        }
    }

    /// The counts and values that belong in the same collection.
    pub(crate) fn pair(&self) -> Option<Pair> {
        let disagree = TWINS.disagree(self.twins?).load(Ordering::Relaxed);
        (!disagree).then_some(self.pair)
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
