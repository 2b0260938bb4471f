//! Nothing is in scope but the language.
#![no_implicit_prelude]
#![deny(warnings)]

#[::dt_metrics::counted]
fn plain() {}

#[::dt_metrics::counted(by = n, dims(a = "a", b = const { "b" }, c = n, d = -1))]
async fn dimensions(n: u64) {}

#[::dt_metrics::counted(dims(a = "a", b = const { "b" }))]
fn constants() {}

#[::dt_metrics::timed]
#[::dt_metrics::in_flight(dims(a = "a", b = const { "b" }, c = tier))]
async fn guarded(tier: Tier) {}

#[::dt_metrics::timed(unit = MILLISECONDS, boundaries = [1, 2.5], dims(c = tier))]
fn guarded_in_milliseconds(tier: &Tier) {
    let _ = tier;
}

const MILLISECONDS: &str = "ms";

#[derive(::dt_metrics::DimensionValue)]
enum Tier {
    Free,
    #[dimension(rename = "paid")]
    Other,
}

#[::dt_metrics::observed(kind = counter, dims(a = "a", b = const { "b" }, c = Tier::Free))]
fn asked() -> u64 {
    1
}

fn main() {
    let _ = asked();
    ::dt_metrics::record!("c", 1, dims(a = Tier::Free));
    ::dt_metrics::up_down_counter!("d", -1, dims(a = Tier::Free));
    plain();
    let _ = guarded(Tier::Free);
    guarded_in_milliseconds(&Tier::Other);
    ::dt_metrics::gauge!("b", 1, dims(a = Tier::Free));
    constants();
    let _ = dimensions(1);
    ::dt_metrics::count!("a", 1, dims(a = 1));
}
