use dt_metrics::observed;

#[observed]
fn size<T>() -> u64 {
    size_of::<T>() as u64
}

fn main() {}
