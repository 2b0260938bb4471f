use dt_metrics::counted;

#[counted(name = "orders", dims(tier = %, plan = "free"))]
fn order() {}

#[counted(name = "returns", dims(user.tier, plan = ?))]
fn take_back() {}

fn main() {
    order();
    take_back();
}
