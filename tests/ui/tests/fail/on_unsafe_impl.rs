use dt_metrics::counted;

struct Orders(*const u8);

#[counted]
unsafe impl Send for Orders {}

fn main() {
    fn sent<T: Send>() {}
    sent::<Orders>();
    let _ = Orders(std::ptr::null()).0;
}
