use dt_metrics::counted;

#[counted(name = "a", nmae = Vec::<(u8, u8)>::new().len(), unit = "1")]
fn f() {}

fn main() {
    f();
}
