use dt_metrics::{counted, measured, timed};

#[counted(when = err)]
fn f() {}

#[timed(when = err)]
async fn g() {}

#[counted(when = panic)]
#[timed(when = ok)]
fn h() {}

struct S;

#[measured]
impl S {
    #[measured(when = err)]
    fn i(&self) {}
}

#[measured(when = err)]
impl S {
    fn j(&self) {}

    fn k(&self) -> Result<(), ()> {
        Ok(())
    }
}

fn main() {}
