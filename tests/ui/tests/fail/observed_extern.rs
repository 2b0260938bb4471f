use dt_metrics::observed;

#[observed]
extern "C" fn size() -> u64 {
    1
}

fn main() {}
