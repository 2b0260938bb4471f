use dt_metrics::counted;

const LONG: [u8; 70_000] = [b'a'; 70_000];

const DESCRIPTION: &str = match std::str::from_utf8(&LONG) {
    Ok(text) => text,
    Err(_) => "",
};

#[counted(description = DESCRIPTION)]
fn f() {}

fn main() {
    f();
}
