use dt_metrics::observed;

struct Pool;

impl Default for Pool {
    fn default() -> Self {
        Self
    }
}

trait Size {
    fn size() -> u64;
}

impl Size for Pool {
    #[observed]
    fn size() -> u64 {
        1
    }
}

fn main() {}
