//! The catalogue: every instrument in the binary.

use std::collections::HashSet;

use crate::descriptor::{Descriptor, Registration};
use crate::instrument::{Observed, all_observed, for_each_descriptor, made};

inventory::collect!(Registration);

/// Lists every instrument in the binary, also instruments that the program has not used yet. Instruments
/// that are [built at run time](mod@crate::instrument) are listed after they are built.
///
/// The list has one entry for each metric of each annotation, ordered by name, then by place in the source.
/// [`catalog_markdown`](crate::catalog_markdown) and [`catalog_json`](crate::catalog_json) format the list.
///
/// # Completeness
///
/// The linker collects the catalogue. Instruments of dependencies are included, even in modules
/// that nothing mentions and in functions that are never called or instantiated, with or without
/// link-time optimisation. The following instruments are included only after their first use:
///
/// - Instruments of a dependency that no code of the program names, since the compiler leaves such a
///   dependency out of the program. Add `use that_crate as _;` to include them.
/// - Instruments of a `staticlib` that a program in another language links, since a linker keeps only
///   functions that are called. Pass `--whole-archive` or `-force_load` to the linker to include them.
/// - All instruments on platforms without functions that run before `main`. The crate
///   [`inventory`](https://docs.rs/inventory) lists the supported platforms.
///
/// A `cdylib` has its own catalogue, counts and pipeline. Its instruments are not in the catalogue
/// of the program that loads it.
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
    catalog_of(|_| true)
}

/// The part of the catalogue that `is_wanted`, which must not measure.
fn catalog_of(is_wanted: impl Fn(&Descriptor) -> bool) -> Vec<&'static Descriptor> {
    let mut all = Vec::new();
    let mut add = |descriptor| {
        if is_wanted(descriptor) {
            all.push(descriptor);
        }
    };
    for registration in inventory::iter::<Registration>() {
        registration
            .0
            .for_each(&mut |descriptor| add(descriptor.named()));
    }
    all_observed().map(Observed::descriptor).for_each(&mut add);
    made::for_each_listed(&mut add);
    for_each_descriptor(&mut add);
    let mut seen = HashSet::new();
    all.retain(|descriptor| seen.insert(core::ptr::from_ref(*descriptor)));
    all.sort_by(|a, b| order(a).cmp(&order(b)));
    all
}

/// Orders by name and place, then by everything else, since a macro may write several in one place,
/// and linkers gather them in any order.
fn order(descriptor: &Descriptor) -> impl Ord {
    (
        (descriptor.name, descriptor.file, descriptor.line),
        (descriptor.module_path, descriptor.kind as u8),
        (descriptor.unit, descriptor.description),
        descriptor.dimension_keys,
    )
}

/// The descriptors with this name, which is case-insensitive: where it was annotated.
#[cfg(feature = "dynatrace")]
pub(crate) fn descriptors_of(name: &str) -> impl Iterator<Item = &'static Descriptor> {
    catalog_of(|descriptor| descriptor.name.eq_ignore_ascii_case(name)).into_iter()
}
