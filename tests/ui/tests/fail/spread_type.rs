use dt_metrics::{Dimensions, count, counted};

#[counted(dims(..tags))]
fn not_derived(tags: Tags) {}

struct Tags;

#[counted(dims(..n), outcome)]
fn number(n: u8) {}

#[derive(Dimensions)]
struct Fields {
    kind: Vec<u8>,
    #[dimension(transparent)]
    inner: u8,
}

fn main() {
    count!("a", dims(..vec![1]));
}
