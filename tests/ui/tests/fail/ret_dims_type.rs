use dt_metrics::counted;

#[counted(ret_dims(a = ret))]
fn f() -> Vec<u8> {
    Vec::new()
}

fn main() {}
