use dt_metrics::measured;

struct Store(u8);

#[measured(dims(store = format!("{self}")))]
impl Store {
    fn new() -> Self {
        Self(1)
    }

    async fn open(path: &str) -> Self {
        Self(2)
    }

    #[measured(dims(path = self.0))]
    fn create(path: &str) -> Self {
        Self(3)
    }
}

fn main() {}
