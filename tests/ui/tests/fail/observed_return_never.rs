use dt_metrics::observed;

#[observed]
fn size() -> ! {
    loop {}
}

fn main() {}
