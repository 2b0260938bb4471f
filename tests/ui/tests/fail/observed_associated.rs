use dt_metrics::observed;

struct Pool;

impl Pool {
    #[observed(dims(kind = kind()))]
    fn size() -> u64 {
        ONE
    }

    #[observed(dims(kind = kind()))]
    fn more() -> u64 {
        Self::ONE
    }

    const ONE: u64 = 1;
}

const ONE: u64 = 1;

fn kind() -> &'static str {
    "a"
}

fn main() {
    Pool::size();
    Pool::more();
}
