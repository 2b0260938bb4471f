//! The live page: its files, its data, and the event stream that updates it. Also the API by which
//! tests in any language read received data.
//!
//! A page's [`cursor::Cursor`] states how much it has received; a [`frame::Frame`] contains
//! everything after a cursor. The first frame contains everything, so snapshot and stream have the
//! same format. Frames contain only the current numbers of a series; the page requests the history
//! of the few series on screen.
// This folder imports `endpoint`, `fault` and `response` of the server, and the crate's `protocol`,
// `catalog`, `configuration` and `store`.

mod api;
mod assets;
mod catalog;
mod context;
mod cursor;
#[cfg(feature = "dashboard")]
mod dashboard;
mod events;
mod frame;
mod history;
mod outage;
mod reply;
mod requests;
mod routes;
mod rows;

#[cfg(test)]
mod tests;

pub(super) use assets::PAGE_PATH;
pub(super) use routes::add;
