//! Memory for cells that outlives the process.

use super::chunk::Chunk;
use crate::descriptor::Descriptor;
use crate::instrument::dimension::value::OwnedValue;

/// Memory for chunks that outlives the process, with notes on the series that they count.
///
/// All calls are made under the lock of the slots, except [`detach`](Self::detach). Sums of a slot are
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

    /// Keeps, by slot, the sum of all that was ever drained, until the collection that ends now is
    /// committed or the next one ends. `first` is the slot of `drained[0]`. Each call covers the slots
    /// of the calls before.
    fn snapshot(&self, first: u32, drained: &[u64]);

    /// Makes the memory private, with the same contents at the same addresses. To be called in a forked
    /// child before it measures. From then on there are no further chunks, and no notes. Safe in a
    /// handler of a signal: it allocates nothing, and takes no lock.
    fn detach(&self);
}
