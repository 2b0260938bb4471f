use dt_metrics::{counted, measured};

#[measured(objective)]
fn without_parts() {}

#[measured(objective())]
fn empty() {}

#[measured(objective(success = 99.9))]
fn number() {}

#[measured(objective(success = "99.9"))]
fn without_percent() {}

#[measured(objective(success = "101%"))]
fn too_much() {}

#[measured(objective(success = "0%", latency = "0s"))]
fn nothing() {}

#[measured(objective(success = "high"))]
fn word() {}

#[measured(objective(latency = "250"))]
fn without_unit() {}

#[measured(objective(latency = 250))]
fn latency_number() {}

#[measured(objective(latency = "2 days"))]
fn another_unit() {}

#[measured(objective(latency = "fast"))]
fn not_a_duration() {}

#[measured(objective(percentile = "99%"))]
fn percentile_alone() {}

#[measured(objective(latency = "1s", percentile = "-1%"))]
fn negative() {}

#[measured(objective(succes = "99%"))]
fn misspelt() {}

#[measured(objective(success = "99%", success = "98%"))]
fn twice() {}

#[measured(objective(latency = "1s"), duration = false)]
fn no_duration() {}

#[measured(objective(success = "99%"), when = err)]
fn some_calls() -> Result<(), ()> {
    Ok(())
}

#[measured(slo(success = "99%"))]
fn another_name() {}

#[counted(objective(success = "99%"))]
fn counted_only() {}

struct Shop;

#[measured(duration = false, objective(latency = "1s"))]
impl Shop {
    fn order(&self) {}

    fn pay(&self) {}
}

fn main() {}
