//! What kind of metric an observed function gives.

use syn::{Error, Expr, Result};

use super::text::ungrouped;

/// `kind = …`.
#[derive(Clone, Copy, Default)]
pub(crate) enum Kind {
    #[default]
    Gauge,
    Counter,
    UpDown,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Gauge, Self::Counter, Self::UpDown];

    /// As users write it.
    pub(crate) const fn written(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::UpDown => "up_down_counter",
        }
    }
}

impl TryFrom<Expr> for Kind {
    type Error = Error;

    fn try_from(expr: Expr) -> Result<Self> {
        let expr = ungrouped(expr);
        let found = match &expr {
            Expr::Path(path) => Self::ALL
                .into_iter()
                .find(|kind| path.path.is_ident(kind.written())),
            _ => None,
        };
        found.ok_or_else(|| {
            Error::new_spanned(expr, "expected `gauge`, `counter` or `up_down_counter`")
        })
    }
}
