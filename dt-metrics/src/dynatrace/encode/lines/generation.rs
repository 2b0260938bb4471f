//! Caches that forget entries which were not used lately, counted in collections.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// The number of a collection; wraps around.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Generation(u32);

impl Generation {
    pub(crate) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    pub(crate) fn previous(self) -> Self {
        Self(self.0.wrapping_sub(1))
    }

    /// Whether an entry that was last used in the generation `used` stays at the end of this one:
    /// entries stay for one unused generation, since many series are not measured in each.
    pub(crate) fn keeps(self, used: Self) -> bool {
        used == self || used == self.previous()
    }
}

/// A map by name that forgets idle entries.
#[derive(Debug)]
pub(crate) struct GenerationCache<V> {
    entries: HashMap<String, Entry<V>, RandomState>,
    generation: Generation,
    /// Idle entries are forgotten only while there are more entries than this.
    min_entries: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    used: Generation,
}

impl<V> GenerationCache<V> {
    pub(crate) fn new(min_entries: usize) -> Self {
        Self {
            entries: HashMap::default(),
            generation: Generation::default(),
            min_entries,
        }
    }

    /// The value of `name`, made if there is none, and whether this is its first use in this
    /// generation.
    pub(crate) fn get_or_insert_with(
        &mut self,
        name: &str,
        make: impl FnOnce() -> V,
    ) -> (&mut V, bool) {
        let generation = self.generation;
        let entry = self.entries.entry_ref(name).or_insert_with(|| Entry {
            value: make(),
            used: generation.previous(),
        });
        let is_first = std::mem::replace(&mut entry.used, generation) != generation;
        (&mut entry.value, is_first)
    }

    /// The value of `name` if there is one. Does not count as a use.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.entries.get_mut(name).map(|entry| &mut entry.value)
    }

    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    pub(crate) fn end_generation(&mut self) {
        let generation = self.generation;
        if self.entries.len() > self.min_entries {
            self.entries.retain(|_, entry| generation.keeps(entry.used));
        }
        self.generation = generation.next();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests;
