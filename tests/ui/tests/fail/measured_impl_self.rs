use dt_metrics::measured;

struct Store {
    name: &'static str,
}

#[measured(dims(store = self.name))]
impl Store {
    fn open(name: &'static str) -> Self {
        Self { name }
    }

    #[measured(dims(kind = "memory"))]
    fn memory() -> Self {
        Self { name: "memory" }
    }

    #[measured(skip)]
    fn count() -> usize {
        1
    }

    fn name(&self) -> &str {
        self.name
    }
}

fn main() {
    Store::open("a").name();
}
