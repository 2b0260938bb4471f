//! The constructors that expansions call, for all kinds.

/// For an instrument around a `FixedSeries`.
macro_rules! fixed {
    ($instrument:ident: $kind:ident) => {
        impl $instrument {
            /// Makes an instrument with these values of its dimensions, in the order of the
            /// descriptor's keys.
            #[must_use]
            pub const fn new(descriptor: Descriptor, values: &'static [Value<'static>]) -> Self {
                Self(FixedSeries::new(descriptor.with_kind(Kind::$kind), values))
            }

            /// [`Self::new`], with `None` for a dimension that it does not have.
            #[must_use]
            pub const fn optional(
                descriptor: Descriptor,
                values: &'static [Option<Value<'static>>],
            ) -> Self {
                Self(FixedSeries::optional(
                    descriptor.with_kind(Kind::$kind),
                    values,
                ))
            }

            /// Makes an instrument with values of its dimensions that are computed once, on first
            /// use.
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

            /// The descriptor of this instrument.
            #[must_use]
            pub const fn descriptor(&'static self) -> &'static Descriptor {
                self.0.descriptor()
            }
        }

        impl Registered for $instrument {
            fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
                each(self.descriptor());
            }
        }
    };
}

/// For an instrument around a `DynamicSeries`.
macro_rules! dynamic {
    ($instrument:ident: $kind:ident) => {
        impl $instrument {
            /// Makes an instrument with values of its dimensions in the order of the descriptor's
            /// keys; each `None` stands for the next value in the set of each call.
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

            /// The values that calls pass have so many combinations at most.
            #[must_use]
            pub const fn with_series(mut self, series: u32) -> Self {
                self.0.limit_series(series);
                self
            }

            /// The descriptor of this instrument.
            #[must_use]
            pub const fn descriptor(&'static self) -> &'static Descriptor {
                self.0.descriptor()
            }
        }

        impl Registered for $instrument {
            fn for_each(&'static self, each: &mut dyn FnMut(&'static Descriptor)) {
                each(self.descriptor());
            }
        }
    };
}

pub(super) use {dynamic, fixed};
