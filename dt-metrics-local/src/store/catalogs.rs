//! The catalogues that programs hand over.

use crate::catalog::Catalog;

/// Maximum number of programs whose catalogues are kept.
const MAX_PROGRAMS: usize = 64;

/// The catalogues of all programs, the latest last.
#[derive(Debug, Default)]
pub(super) struct Catalogs(Vec<Catalog>);

impl Catalogs {
    /// Adds the catalogue of a program, or replaces the one that the program had.
    pub(super) fn add(&mut self, catalog: Catalog) {
        self.0.retain(|known| !known.is_of_program_of(&catalog));
        if self.0.len() >= MAX_PROGRAMS {
            self.0.remove(0);
        }
        self.0.push(catalog);
    }

    pub(super) fn all(&self) -> &[Catalog] {
        &self.0
    }
}
