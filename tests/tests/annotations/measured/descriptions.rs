//! Descriptions of the three metrics of `#[measured]`, and descriptions from documentation.

use dt_metrics::{catalog, counted, measured, observed, timed};

const DESCRIPTION: &str = "Orders by path.";

#[measured(name = "described.literal", description = "The till")]
fn literal() {}

#[measured(name = "described.path", description = DESCRIPTION)]
async fn path() -> Result<(), ()> {
    tokio::task::yield_now().await;
    Ok(())
}

/// Sells a [`String`] to one customer. The remaining stock is returned.
#[measured(name = "described.docs")]
fn docs() {}

/// Not this.
#[measured(name = "described.both", description = "Given.")]
fn both() {}

#[measured(name = "described.nothing")]
fn nothing() {}

#[measured(name = "described.empty", description = "")]
fn empty() {}

/// The block's own documentation.
struct Store;

#[measured(name = "described.block")]
impl Store {
    /// Opens it.
    fn open() -> Self {
        Self
    }

    fn close(self) -> Self {
        self
    }

    /// Not this.
    #[measured(description = "Counts it")]
    fn count(&self) -> usize {
        size_of_val(self)
    }
}

/// Takes one order.
#[counted(name = "described.one")]
#[timed(name = "described.one.duration", description = DESCRIPTION)]
fn one() {}

/// The orders that wait. They are polled.
#[observed(name = "described.observed")]
fn waiting() -> u64 {
    1
}

#[test]
fn each_of_three_metrics_has_its_own_description() {
    literal();
    drop(path());
    docs();
    both();
    nothing();
    empty();
    assert_eq!(Store::open().count(), 0);
    assert_eq!(Store.close().count(), 0);
    one();
    assert_eq!(waiting(), 1);
    let catalog = catalog();
    let description = |name: &str| {
        let found = catalog.iter().find(|metric| metric.name == name);
        found.unwrap_or_else(|| panic!("no {name}")).description
    };
    for (name, expected) in [
        ("literal", "The till"),
        ("path", "Orders by path"),
        ("docs", "Sells a String to one customer"),
        ("both", "Given"),
        ("block.open", "Opens it"),
        ("block.count", "Counts it"),
    ] {
        for (suffix, part) in [
            ("calls", "calls"),
            ("duration", "duration"),
            ("in_flight", "calls in flight"),
        ] {
            let found = description(&format!("described.{name}.{suffix}"));
            assert_eq!(found, format!("{expected}: {part}"), "{name}");
        }
    }
    for name in ["nothing", "empty", "block.close"] {
        assert_eq!(
            description(&format!("described.{name}.calls")),
            "",
            "{name}"
        );
    }
    assert_eq!(description("described.one"), "Takes one order.");
    assert_eq!(description("described.one.duration"), "Orders by path.");
    assert_eq!(description("described.observed"), "The orders that wait.");
}
