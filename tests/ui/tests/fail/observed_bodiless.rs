use dt_metrics::observed;

trait Pool {
    #[observed]
    fn size() -> u64;
}

fn main() {}
