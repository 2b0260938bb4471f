//! The live page: its files, its data, and the stream that keeps it up to date.

mod assets;
mod context;
mod cursor;
mod events;
mod frame;
mod history;
mod reply;

#[cfg(test)]
mod tests;

pub(super) use context::{PAGE_PATH, add};
