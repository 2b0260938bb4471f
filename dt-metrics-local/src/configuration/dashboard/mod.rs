//! A dashboard that shows metrics: from `filter` and `tile` to `document`.

mod document;
mod filter;
mod tile;
mod unit;

#[cfg(test)]
mod tests;

pub use document::Dashboard;
