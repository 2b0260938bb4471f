//! Names that are made when an instrument is first looked at.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::{DefaultName, Descriptor};

/// By where the descriptor is that has none. There are as many as annotations, so they stay.
static NAMED: LazyLock<Mutex<HashMap<usize, &'static Descriptor>>> = LazyLock::new(Mutex::default);

impl Descriptor {
    /// The descriptor, with its name: the same for each call.
    pub(crate) fn named(&'static self) -> &'static Self {
        let Some(function) = self.unnamed else {
            return self;
        };
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        named
            .entry(core::ptr::from_ref(self).addr())
            .or_insert_with(|| Box::leak(Box::new(self.with_name(function))))
    }

    fn with_name(&self, function: usize) -> Self {
        let Self {
            name: path,
            kind,
            unit,
            description,
            dimension_keys,
            module_path: _,
            file,
            line,
            cardinality_limit,
            boundaries,
            unnamed: _,
        } = *self;
        let name = DefaultName::new(path, "", "").as_str().to_owned();
        let module = path.len().saturating_sub(function);
        Self {
            name: name.leak(),
            kind,
            unit,
            description,
            dimension_keys,
            module_path: path.get(..module).unwrap_or(path),
            file,
            line,
            cardinality_limit,
            boundaries,
            unnamed: None,
        }
    }
}

#[cfg(test)]
mod tests;
