use dt_metrics::counted;

const NAME: u32 = 5;

#[counted(name = NAME)]
fn f() {}

fn main() {
    f();
}
