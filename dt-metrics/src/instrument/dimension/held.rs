//! Values of dimensions that are taken when a call begins and used when it ends.

use core::marker::PhantomData;

use super::text::Text;
use super::value::{DimensionValue, Value};

/// A copy of a value. It knows `V`, so that values of a type with few of them stay an index.
pub struct Kept<V: ?Sized> {
    value: KeptValue,
    of: PhantomData<fn(&V)>,
}

/// Any type: what is kept of it borrows nothing, not even by name.
pub struct AnyValue;

enum KeptValue {
    None,
    /// The place among [`DimensionValue::FIXED`].
    Fixed(usize),
    Str(Text),
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
}

impl KeptValue {
    #[inline]
    fn of(value: Option<Value<'_>>) -> Self {
        match value {
            None => Self::None,
            Some(Value::Str(text)) => Self::Str(Text::new(text)),
            Some(Value::Bool(value)) => Self::Bool(value),
            Some(Value::I64(value)) => Self::I64(value),
            Some(Value::U64(value)) => Self::U64(value),
            Some(Value::F64(value)) => Self::F64(value),
        }
    }
}

impl DimensionValue for AnyValue {
    fn dimension_value(&self) -> Option<Value<'_>> {
        None
    }
}

impl<V: DimensionValue + ?Sized> DimensionValue for Kept<V> {
    const FIXED: Option<&'static [Value<'static>]> = V::FIXED;

    #[inline]
    fn fixed_index(&self) -> usize {
        match self.value {
            KeptValue::Fixed(index) => index,
            _ => 0,
        }
    }

    #[inline]
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(match &self.value {
            KeptValue::None => return None,
            KeptValue::Fixed(index) => return V::FIXED?.get(*index).copied(),
            KeptValue::Str(text) => Value::Str(text.as_str()),
            KeptValue::Bool(value) => Value::Bool(*value),
            KeptValue::I64(value) => Value::I64(*value),
            KeptValue::U64(value) => Value::U64(*value),
            KeptValue::F64(value) => Value::F64(*value),
        })
    }
}

impl<V: DimensionValue + ?Sized> Kept<V> {
    /// A copy of `value`.
    #[inline]
    pub fn new(value: &V) -> Self {
        let value = match V::FIXED {
            Some(_) => KeptValue::Fixed(value.fixed_index()),
            None => KeptValue::of(value.dimension_value()),
        };
        Self {
            value,
            of: PhantomData,
        }
    }
}

impl Kept<AnyValue> {
    /// A copy of `value`, without its type.
    #[inline]
    pub fn any<V: DimensionValue + ?Sized>(value: &V) -> Self {
        Self {
            value: KeptValue::of(value.dimension_value()),
            of: PhantomData,
        }
    }
}
