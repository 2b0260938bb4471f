use dt_metrics::observed;

struct Pool<T>(T);

impl<T> Pool<T> {
    #[observed(name = "pool.size", kind = counter)]
    pub fn size() -> u64 {
        1
    }
}

fn size() -> u64 {
    2
}

fn main() {
    size();
}
