//! Memory for cells that outlives the process.

use super::chunk::Chunk;
use super::sample::RingSample;
use crate::descriptor::Descriptor;
use crate::instrument::dimension::value::OwnedValue;

/// An array of samples in memory that outlives the process.
///
/// It is filled once, from front to back, and not used in a circle. The sample at position 0 is
/// the memory's own: the first value gets position 1.
#[derive(Clone, Copy)]
pub(crate) struct Samples {
    /// Distinguishes the arrays of one memory that are in use.
    pub(crate) id: u32,
    /// [`SAMPLES`](super::sync::SAMPLES), all empty.
    pub(crate) samples: &'static [RingSample],
}

/// Memory for chunks and for values that outlives the process, with notes on the series that they count.
///
/// Calls are made under the lock of the slots, unless their documentation tells otherwise. Sums of a slot are
/// wrapping sums of its cells in the chunks of this memory, without counts that are elsewhere.
/// Cells of this memory only grow.
pub(crate) trait Memory: Send + Sync {
    /// A chunk of zeros for the slots with this chunk number; `None` if there is no room any more.
    fn chunk(&self, number: usize) -> Option<&'static Chunk>;

    /// Notes the series that counts in a slot from now on. `origin` is the sum of the slot's cells.
    fn assign(
        &self,
        slot: u32,
        origin: u64,
        descriptor: &Descriptor,
        dimensions: &[(&'static str, OwnedValue)],
    );

    /// Room for the values of one thread; `None` if there is no room any more.
    fn samples(&self) -> Option<Samples>;

    /// No thread puts values into these samples any more, and all values were taken before the next
    /// [snapshot](Self::snapshot).
    fn release(&self, id: u32);

    /// Keeps, by slot, the sum of all that was ever drained, until the collection that ends now is
    /// committed or the next one ends. `first` is the slot of `drained[0]`. Each call covers the slots
    /// of the calls before.
    /// `taken` has each array of samples that was not released, with its id and the position up to which
    /// values were taken: at first 1, in the end the length of the array.
    fn snapshot(&self, first: u32, drained: &[u64], taken: &[(u32, u64)]);

    /// This process delivers all counts itself from now on, wherever they are: nothing of this memory is delivered
    /// after the process. Called without the lock of the slots.
    fn abandon(&self);

    /// Makes the memory private, with the same contents at the same addresses. To be called in a forked
    /// child before it measures. From then on there are no further chunks, and no notes. Safe in a
    /// handler of a signal: it allocates nothing, and takes no lock.
    fn detach(&self);
}
