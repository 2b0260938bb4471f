//! Writes expansions. May import `parse`, `analyse` and `tokens`.

pub(crate) mod as_written;
pub(crate) mod at_end;
pub(crate) mod body;
pub(crate) mod checks;
pub(crate) mod ends;
pub(crate) mod instrument;
pub(crate) mod measure;
pub(crate) mod metric;
pub(crate) mod record;
pub(crate) mod static_item;
pub(crate) mod take_over;
pub(crate) mod values;
pub(crate) mod wrap;
