//! Texts that are kept for the time of a call.

use std::cell::RefCell;

/// A copy of a text. Long ones take a buffer that an earlier one has left on the same thread, so
/// that keeping them allocates only at first.
pub(super) enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(String),
}

/// Most values of dimensions are not longer.
const SHORT: usize = 30;

/// As many buffers as one thread leaves for later.
const SPARE: usize = 32;

/// Longer buffers are not left for later. Values are at most a few hundred bytes.
const SPARE_LENGTH: usize = 4_096;

thread_local! {
    static BUFFERS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl Text {
    #[inline]
    pub(super) fn new(text: &str) -> Self {
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
    pub(super) fn as_str(&self) -> &str {
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
    // Once the thread's storage is gone, the buffer goes, too.
    let _ = BUFFERS.try_with(|buffers| {
        if let Ok(mut buffers) = buffers.try_borrow_mut()
            && buffers.len() < SPARE
        {
            buffers.push(buffer);
        }
    });
}
