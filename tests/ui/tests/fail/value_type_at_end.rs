use dt_metrics::counted;

#[counted(outcome, dims(a = Some(vec![1])))]
fn f() -> Result<(), ()> {
    Ok(())
}

fn main() {}
