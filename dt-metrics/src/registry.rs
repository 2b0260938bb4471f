//! Every descriptor in the binary: gathered by the linker, and on first use where the linker
//! could not.

use crate::descriptor::Descriptor;

/// What an expansion hands to the linker: the descriptors of one annotated function.
#[doc(hidden)]
pub struct Registration {
    descriptors: &'static [&'static Descriptor],
}

#[doc(hidden)]
impl Registration {
    #[must_use]
    pub const fn new(descriptors: &'static [&'static Descriptor]) -> Self {
        Self { descriptors }
    }
}

inventory::collect!(Registration);

/// Lists every instrument in the binary, before anything was called.
#[must_use]
pub fn catalog() -> Vec<&'static Descriptor> {
    inventory::iter::<Registration>().flat_map(|r| r.descriptors.iter().copied()).collect()
}
