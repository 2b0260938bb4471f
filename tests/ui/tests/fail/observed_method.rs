use dt_metrics::observed;

struct Pool;

impl Pool {
    #[observed]
    fn size(&self) -> u64 {
        1
    }
}

fn main() {}
