//! Values of dimensions that are copied when a call begins and used when it ends.

use core::fmt::{self, Write as _};
use core::marker::PhantomData;
use std::cell::RefCell;

use super::short_text::ShortText;
use super::value::{DimensionValue, Value};

/// A copy of a value. It has the type `V`, so that a value of a type with few values stays an index.
pub struct Kept<V: ?Sized> {
    value: KeptValue,
    of: PhantomData<fn(&V)>,
}

/// Stands for any type: the copy borrows nothing, not even in its type.
pub struct AnyValue;

enum KeptValue {
    None,
    /// The index among [`DimensionValue::FIXED`].
    Fixed(usize),
    Str(Text),
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    ShortText(ShortText),
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
            Some(Value::ShortText(text)) => Self::ShortText(text),
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
            KeptValue::ShortText(text) => Value::ShortText(*text),
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

impl<V: ?Sized> Kept<V> {
    /// This copy without its type.
    #[inline]
    pub(crate) fn erased(self) -> Kept<AnyValue> {
        Kept {
            value: self.value,
            of: PhantomData,
        }
    }
}

impl Kept<AnyValue> {
    /// The copy of a `V` that [`Kept::erased`] left without that type.
    #[inline]
    pub(crate) fn of_type<V: ?Sized>(self) -> Kept<V> {
        Kept {
            value: self.value,
            of: PhantomData,
        }
    }

    /// A copy of `value`, without its type.
    #[inline]
    pub fn any<V: DimensionValue + ?Sized>(value: &V) -> Self {
        Self {
            value: KeptValue::of(value.dimension_value()),
            of: PhantomData,
        }
    }
}

/// The text that a value displays, or that its `Debug` shows: a value of a dimension by itself. It is
/// cut off at a few times the length that a value may have.
pub struct Formatted(Text);

impl Formatted {
    /// `key = %value`.
    pub fn display<T: fmt::Display + ?Sized>(value: &T) -> Self {
        Self::of(format_args!("{value}"))
    }

    /// `key = ?value`.
    pub fn debug<T: fmt::Debug + ?Sized>(value: &T) -> Self {
        Self::of(format_args!("{value:?}"))
    }

    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut formatted = Self(Text::new(""));
        // An error comes from the value's own `Display`, or from the end of the room: the text so
        // far stays.
        let _ = formatted.0.write_fmt(text);
        formatted
    }
}

impl DimensionValue for Formatted {
    fn dimension_value(&self) -> Option<Value<'_>> {
        Some(Value::Str(self.0.as_str()))
    }
}

/// A copy of a text. A long text takes a buffer that an earlier text of the same thread no longer
/// needs, so that only the first texts allocate.
enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(String),
}

/// Most values of dimensions are not longer.
const SHORT: usize = 30;

/// The most buffers that one thread leaves for later texts.
const SPARE: usize = 32;

/// Longer buffers are not left for later texts. Values are at most a few hundred bytes.
const SPARE_LENGTH: usize = 4_096;

thread_local! {
    static BUFFERS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl Text {
    #[inline]
    fn new(text: &str) -> Self {
        match u8::try_from(text.len()) {
            Ok(length) if text.len() <= SHORT => {
                let mut bytes = [0; SHORT];
                bytes[..text.len()].copy_from_slice(text.as_bytes());
                Self::Short { length, bytes }
            }
            _ => Self::long(text),
        }
    }

    #[cold]
    fn long(text: &str) -> Self {
        let buffer = BUFFERS.try_with(|buffers| buffers.try_borrow_mut().ok()?.pop());
        let mut buffer = buffer.ok().flatten().unwrap_or_default();
        buffer.push_str(text);
        Self::Long(buffer)
    }

    #[inline]
    fn as_str(&self) -> &str {
        match self {
            // Copied from a `str`, whole.
            Self::Short { length, bytes } => bytes
                .get(..usize::from(*length))
                .and_then(|bytes| core::str::from_utf8(bytes).ok())
                .unwrap_or_default(),
            Self::Long(text) => text,
        }
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = SPARE_LENGTH - self.as_str().len();
        let whole = more.len() <= room;
        let mut fits = room.min(more.len());
        while !more.is_char_boundary(fits) {
            fits -= 1;
        }
        let more = more.get(..fits).unwrap_or_default();
        let length = self.as_str().len() + more.len();
        match self {
            Self::Short {
                length: short,
                bytes,
            } if length <= SHORT => {
                let old = usize::from(*short);
                bytes[old..length].copy_from_slice(more.as_bytes());
                // Not over `SHORT`.
                *short = u8::try_from(length).unwrap_or(*short);
            }
            Self::Short { .. } => {
                let mut long = Self::long(self.as_str());
                if let Self::Long(buffer) = &mut long {
                    buffer.push_str(more);
                }
                *self = long;
            }
            Self::Long(buffer) => buffer.push_str(more),
        }
        if whole { Ok(()) } else { Err(fmt::Error) }
    }
}

impl Drop for Text {
    #[inline]
    fn drop(&mut self) {
        if let Self::Long(buffer) = self {
            leave_for_later(core::mem::take(buffer));
        }
    }
}

#[cold]
fn leave_for_later(mut buffer: String) {
    if buffer.capacity() > SPARE_LENGTH {
        return;
    }
    buffer.clear();
    // Once the thread's storage is gone, the buffer is freed.
    let _ = BUFFERS.try_with(|buffers| {
        if let Ok(mut buffers) = buffers.try_borrow_mut()
            && buffers.len() < SPARE
        {
            buffers.push(buffer);
        }
    });
}
