use dt_metrics::counted;

#[counted(dims(shard = self.shard, region = self::REGION))]
fn place(order: u32) {}

const REGION: &str = "eu";

fn main() {
    place(1);
}
