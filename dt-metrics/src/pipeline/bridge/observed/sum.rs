//! What is to be added to a sum, so that it is what a function says.

use crate::instrument::ObservedNumber as Number;

/// A sum that only grows, or what is added to it: as the instrument has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Total {
    Whole(u64),
    Float(f64),
}

/// A sum that grows and shrinks, or what is added to it: as the instrument has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Level {
    Whole(i64),
    Float(f64),
}

impl Total {
    /// The number as a total; none if it is below zero or no number.
    pub(super) fn of(number: Number, floats: bool) -> Option<Self> {
        let float = float(number);
        if !(float.is_finite() && float >= 0.0) {
            return None;
        }
        Some(match number {
            _ if floats => Self::Float(float),
            Number::U64(now) => Self::Whole(now),
            Number::I64(now) => Self::Whole(now.cast_unsigned()),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the whole part, or the end of the range"
            )]
            Number::F64(now) => Self::Whole(now as u64),
        })
    }

    /// What was added since `before`, and what the sum is with that. A total that is less than
    /// before has begun again at zero.
    pub(super) fn since(self, before: Self) -> (Self, Self) {
        match (self, before) {
            (Self::Whole(now), Self::Whole(before)) if before <= now => {
                (Self::Whole(now - before), self)
            }
            (Self::Float(now), Self::Float(before)) if before <= now => {
                let added = now - before;
                // As they add it who get it: what rounding took is in the next difference.
                (Self::Float(added), Self::Float(before + added))
            }
            _ => (self, self),
        }
    }

    /// Nothing, of the same type.
    pub(super) fn zero(self) -> Self {
        match self {
            Self::Whole(_) => Self::Whole(0),
            Self::Float(_) => Self::Float(0.0),
        }
    }
}

impl Level {
    /// The number as a level; none if it is no number.
    pub(super) fn of(number: Number, floats: bool) -> Option<Self> {
        let float = float(number);
        if !float.is_finite() {
            return None;
        }
        Some(match number {
            _ if floats => Self::Float(float),
            Number::U64(now) => Self::Whole(i64::try_from(now).unwrap_or(i64::MAX)),
            Number::I64(now) => Self::Whole(now),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the whole part, or the end of the range"
            )]
            Number::F64(now) => Self::Whole(now as i64),
        })
    }

    /// What is to be added to `before`, and what the sum is with that.
    pub(super) fn since(self, before: Self) -> (Self, Self) {
        match (self, before) {
            // Sums of the SDK wrap around, too.
            (Self::Whole(now), Self::Whole(before)) => {
                (Self::Whole(now.wrapping_sub(before)), self)
            }
            (Self::Float(now), Self::Float(before)) => {
                let added = now - before;
                // As the SDK adds it: what rounding took is in the next difference.
                (Self::Float(added), Self::Float(before + added))
            }
            _ => (self, self),
        }
    }

    /// What takes all of it away.
    pub(super) fn negative(self) -> Self {
        match self {
            Self::Whole(now) => Self::Whole(now.wrapping_neg()),
            Self::Float(now) => Self::Float(-now),
        }
    }
}

/// The nearest `f64`.
#[expect(clippy::cast_precision_loss, reason = "as it says")]
pub(super) fn float(number: Number) -> f64 {
    match number {
        Number::U64(now) => now as f64,
        Number::I64(now) => now as f64,
        Number::F64(now) => now,
    }
}

#[cfg(test)]
mod tests;
