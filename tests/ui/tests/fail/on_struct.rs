use dt_metrics::counted;

/// Documented.
#[counted]
pub struct Orders {
    pub number: u32,
}

fn main() {
    let _ = Orders { number: 1 };
}
