//! Tables as Markdown, so that they go into the documentation as they are.

use comfy_table::{Table, presets};

/// An empty table.
pub(crate) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_header(header);
    table
}

/// Promised figures, and whether they hold.
pub(crate) struct Targets {
    table: Table,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            table: table(["measure", "at most", "measured", "met"]),
        }
    }
}

impl Targets {
    /// A row; `limit` is in the unit of `measured`, and `says` is its text.
    pub(crate) fn at_most(&mut self, measure: &str, says: &str, measured: f64, limit: f64) {
        let met = if measured <= limit { "yes" } else { "**no**" };
        self.table
            .add_row([measure, says, &format!("{measured:.2}"), met]);
    }

    pub(crate) fn print(&self) {
        println!("{}", self.table);
    }
}
