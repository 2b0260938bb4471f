//! Tests of the position of a page.

use super::cursor::{Cursor, Instance, NotACursor};
use crate::store::Totals;

#[test]
fn a_cursor_is_read_as_it_was_written() {
    let start = Cursor::start(Instance::new());
    let cursor = Cursor {
        lines: 1,
        metadata: 2,
        rejected: 3,
        notes: 4,
        requests: 5,
        catalogs: u64::MAX,
        ..start
    };
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    assert_eq!(Cursor::at(start.instance, Totals::default()), start);
}

#[test]
fn other_text_is_not_a_cursor() {
    for text in [
        "",
        "-",
        "1",
        "1-2-3-4-5",
        "1-2-3-4-5-6",
        "1-2-3-4-5-6-7-8",
        "1-2-3-4-5-6-x",
        "1-2-3-4-5-6--7",
    ] {
        assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
    }
}
