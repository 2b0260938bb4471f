//! How expansions make instruments: the same for all kinds.

/// For an instrument around a `FixedSeries`.
macro_rules! fixed {
    ($instrument:ident: $kind:ident) => {
        impl $instrument {
            /// With these values of its dimensions, in the order of the descriptor's keys.
            #[must_use]
            pub const fn new(descriptor: Descriptor, values: &'static [Value<'static>]) -> Self {
                Self(FixedSeries::new(descriptor.with_kind(Kind::$kind), values))
            }

            /// With values of its dimensions that are computed once, on first use.
            #[must_use]
            pub const fn resolved(
                descriptor: Descriptor,
                values: fn() -> Vec<Option<Value<'static>>>,
            ) -> Self {
                Self(FixedSeries::resolved(
                    descriptor.with_kind(Kind::$kind),
                    values,
                ))
            }

            /// What it measures.
            #[must_use]
            pub const fn descriptor(&'static self) -> &'static Descriptor {
                self.0.descriptor()
            }

            /// What the linker is told of it.
            #[must_use]
            pub const fn registration(&'static self) -> Registration {
                Registration::One(self.descriptor())
            }
        }
    };
}

/// For an instrument around a `DynamicSeries`.
macro_rules! dynamic {
    ($instrument:ident: $kind:ident) => {
        impl $instrument {
            /// With values of its dimensions that are, in the order of the descriptor's keys,
            /// either here or, where `None` is, the next of the set of each call.
            #[must_use]
            pub const fn new(
                descriptor: Descriptor,
                values: &'static [Option<Value<'static>>],
            ) -> Self {
                Self(DynamicSeries::new(
                    descriptor.with_kind(Kind::$kind),
                    values,
                ))
            }

            /// What it measures.
            #[must_use]
            pub const fn descriptor(&'static self) -> &'static Descriptor {
                self.0.descriptor()
            }

            /// What the linker is told of it.
            #[must_use]
            pub const fn registration(&'static self) -> Registration {
                Registration::One(self.descriptor())
            }
        }
    };
}

pub(super) use {dynamic, fixed};
