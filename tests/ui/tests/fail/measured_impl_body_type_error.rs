use dt_metrics::measured;

struct Service;

#[measured]
impl Service {
    fn f(&self) -> Result<u32, ()> {
        "a"
    }
    async fn g(&self) -> Result<u32, ()> {
        if true {
            return Ok("a");
        }
        1
    }
    fn h(&self) -> u32 {
        "a"
    }
}

fn main() {}
