//! Where tiles stand.

use serde::Serialize;

/// Columns of the grid.
pub(super) const WIDTH: u32 = 24;

/// A place on the grid, from the left and from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) w: u32,
    pub(super) h: u32,
}

/// Gives out places in rows, from left to right.
#[derive(Debug, Default)]
pub(super) struct Flow {
    x: u32,
    y: u32,
    height: u32,
}

impl Flow {
    /// A place for a tile of this size: in a new row if this one is full.
    pub(super) fn place(&mut self, w: u32, h: u32) -> Place {
        if self.x + w > WIDTH {
            self.end_row();
        }
        let place = Place {
            x: self.x,
            y: self.y,
            w,
            h,
        };
        self.x += w;
        self.height = self.height.max(h);
        place
    }

    /// What comes next begins at the left.
    pub(super) fn end_row(&mut self) {
        self.y += self.height;
        self.x = 0;
        self.height = 0;
    }
}
