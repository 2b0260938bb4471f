//! Every instrument in the binary: gathered by the linker, and on first use where the linker
//! could not.

#[cfg(feature = "dynatrace")]
mod conflict;
#[cfg(all(test, feature = "dynatrace"))]
mod tests;

use std::collections::HashSet;

use crate::descriptor::{Descriptor, Registration};
use crate::instrument;

#[cfg(feature = "dynatrace")]
pub use self::conflict::Conflict;
#[cfg(feature = "dynatrace")]
pub(crate) use self::conflict::{Definition, Names, conflicts};

inventory::collect!(Registration);

/// Lists every instrument in the binary, before anything was called.
///
/// One entry an annotation, ordered by name, then by place. Instruments of dependencies are
/// included. Where the platform's linker cannot gather them, an instrument appears with its
/// first use.
///
/// ```
/// #[dt_metrics::counted(name = "checkouts", unit = "1", dims(region = "eu"))]
/// fn check_out() {}
///
/// let checkouts = dt_metrics::catalog().into_iter().find(|d| d.name == "checkouts").unwrap();
/// assert_eq!(checkouts.kind, dt_metrics::Kind::Counter);
/// assert_eq!(checkouts.unit, "1");
/// assert_eq!(checkouts.dimension_keys, ["region"]);
/// ```
#[must_use]
pub fn catalog() -> Vec<&'static Descriptor> {
    let mut all: Vec<&'static Descriptor> = inventory::iter::<Registration>()
        .flat_map(Registration::descriptors)
        .copied()
        .collect();
    instrument::for_each_descriptor(|descriptor| all.push(descriptor));
    let mut seen = HashSet::new();
    all.retain(|descriptor| seen.insert(core::ptr::from_ref(*descriptor)));
    all.sort_by_key(|d| (d.name, d.file, d.line));
    all
}

/// The descriptors of this name, whatever its case: where it was annotated.
#[cfg(feature = "dynatrace")]
pub(crate) fn descriptors_of(name: &str) -> impl Iterator<Item = &'static Descriptor> {
    catalog()
        .into_iter()
        .filter(move |descriptor| descriptor.name.eq_ignore_ascii_case(name))
}
