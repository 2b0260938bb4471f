use dt_metrics::observed;

#[observed(kind = counter, dims(pool = "main"))]
fn size() -> Option<String> {
    Some(String::new())
}

fn main() {}
