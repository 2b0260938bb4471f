use dt_metrics::counted;

trait Orders {
    #[counted]
    fn number(&self) -> u32;
}

impl Orders for u32 {
    fn number(&self) -> u32 {
        *self
    }
}

fn main() {
    1.number();
}
