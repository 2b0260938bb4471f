//! `#[measured]` on whole `impl` blocks.

use std::fmt::{self, Display, Formatter};

use dt_metrics::measured;
use dt_metrics::testing::capture;

struct Store<T> {
    items: Vec<T>,
}

#[measured(dims(kind = "memory"))]
impl<T: Clone> Store<T> {
    /// The most items.
    const LIMIT: usize = { 2 };

    const fn new() -> Self {
        Self { items: Vec::new() }
    }

    fn put(&mut self, item: T) -> Result<usize, T> {
        if self.items.len() >= Self::LIMIT {
            return Err(item);
        }
        self.items.push(item);
        Ok(self.items.len())
    }

    #[measured(skip)]
    fn len(&self) -> usize {
        self.items.len()
    }

    #[measured(name = "store.first", unit = "ms", dims(kind = "first"))]
    fn first(&self) -> Option<&T> {
        self.items.first()
    }

    async fn all(self) -> Vec<T> {
        self.items
    }
}

#[measured]
impl<T> Display for Store<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.items.len())
    }
}

macro_rules! block {
    ($type:ty, $name:ident) => {
        #[measured(name = "blocks")]
        impl $type {
            fn $name(&self) -> usize {
                self.items.len()
            }
        }
    };
}

block!(Store<u16>, sixteen);

#[tokio::test]
async fn each_function_is_measured() {
    let seen = capture(|| {
        let mut store = Store::new();
        assert_eq!(
            (store.put(1_u16), store.put(2), store.put(3)),
            (Ok(1), Ok(2), Err(3))
        );
        assert_eq!((store.len(), store.first()), (2, Some(&1)));
        assert_eq!((store.to_string().as_str(), store.sixteen()), ("2", 2));
        drop(store.all());
    });
    let calls = |name: &str| seen.counter(name);
    let put = calls("annotations.measured.annotated_blocks.Store.put.calls").with("kind", "memory");
    assert_eq!(put.clone().with("outcome", "ok").value(), 2, "{seen:?}");
    assert_eq!(put.with("outcome", "err").value(), 1);
    assert_eq!(calls("store.first.calls").with("kind", "first").value(), 1);
    assert_eq!(seen.histogram("store.first.duration").count(), 1);
    assert_eq!(
        calls("annotations.measured.annotated_blocks.Store.fmt.calls").value(),
        1
    );
    assert_eq!(calls("blocks.sixteen.calls").value(), 1);
    let all = "annotations.measured.annotated_blocks.Store.all.calls";
    assert_eq!(calls(all).value(), 0, "its future was not polled");
    let catalog = dt_metrics::catalog();
    for name in ["len", "new"] {
        let name = format!("annotations.measured.annotated_blocks.Store.{name}.calls");
        assert!(catalog.iter().all(|metric| metric.name != name), "{name}");
    }
}

#[test]
fn the_catalogue_has_the_place_of_each_function() {
    let catalog = dt_metrics::catalog();
    let find = |name: &str| catalog.iter().find(|d| d.name == name).unwrap();
    let put = find("annotations.measured.annotated_blocks.Store.put.calls");
    let first = find("store.first.duration");
    let all = find("annotations.measured.annotated_blocks.Store.all.in_flight");
    assert_eq!(put.dimension_keys, ["kind", "outcome"]);
    assert_eq!(all.dimension_keys, ["kind"]);
    assert_eq!(first.unit, "ms");
    assert!(put.line < first.line && first.line < all.line);
}
