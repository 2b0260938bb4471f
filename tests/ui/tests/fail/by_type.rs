use dt_metrics::counted;

#[counted(by = bytes.len())]
fn f(bytes: &[u8]) {}

fn main() {
    f(b"");
}
