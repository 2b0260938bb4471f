use std::fmt::Write;
use std::time::SystemTime;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Table};
use dt_metrics_local::store::{Series, State};

use super::{format, text};

/// Widest a column of text may be.
const COLUMN: usize = 60;
/// Refused lines shown.
const REFUSED: usize = 5;

/// All that is shown at a time: the series, at most `rows` of them, then what was refused.
pub(super) fn frame(state: &State, now: SystemTime, rows: usize) -> String {
    let mut frame = format!("{}\n", text::summary(state.totals()));
    let mut series: Vec<&Series> = state.series().collect();
    if series.is_empty() {
        frame.push_str("No lines yet.\n");
    } else {
        series.sort_unstable_by(|a, b| {
            (&a.metric, &a.dimensions, a.kind).cmp(&(&b.metric, &b.dimensions, b.kind))
        });
        let shown = series.iter().take(rows);
        // A `String` takes everything that is written to it.
        let _ = writeln!(frame, "{}", table(shown.copied(), now));
        if series.len() > rows {
            let _ = writeln!(frame, "… and {} more series", series.len() - rows);
        }
    }
    refused(&mut frame, state);
    frame
}

fn table<'a>(series: impl Iterator<Item = &'a Series>, now: SystemTime) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    table.set_header(vec![
        Cell::new("metric"),
        Cell::new("dimensions"),
        Cell::new("type"),
        right("value".to_owned()),
        right("rate".to_owned()),
    ]);
    for series in series {
        table.add_row(vec![
            Cell::new(format::cut(&series.metric, COLUMN)),
            Cell::new(format::cut(&format::dimensions(series), COLUMN)),
            Cell::new(series.kind),
            right(format::value(series)),
            right(format::rate(series, now)),
        ]);
    }
    table
}

fn refused(frame: &mut String, state: &State) {
    let rejected = state.rejected();
    if rejected.len() == 0 {
        return;
    }
    frame.push_str("\nRefused, newest first:\n");
    for rejected in rejected.rev().take(REFUSED) {
        let text = format::cut(&rejected.text, 2 * COLUMN);
        let _ = writeln!(frame, "  {text}\n    {}", rejected.reason());
    }
}
