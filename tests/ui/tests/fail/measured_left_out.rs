use dt_metrics::{counted, measured};

#[measured(duration)]
fn without_value() {}

#[measured(duration = "no")]
fn text() {}

#[measured(in_flight = 0)]
fn number() {}

#[measured(duration = false, unit = "ms")]
fn unit() {}

#[measured(boundaries = [1, 2], duration = false)]
fn boundaries() {}

#[measured(in_flight = false, in_flight = false)]
fn twice() {}

#[measured(calls = false)]
fn calls() {}

#[counted(duration = false)]
fn counted_only() {}

struct Shop;

#[measured(duration = false, unit = "ms")]
impl Shop {
    fn order(&self) {}

    fn pay(&self) {}
}

#[measured(duration = false)]
impl Shop {
    #[measured(boundaries = [1])]
    fn list(&self) {}
}

fn main() {}
