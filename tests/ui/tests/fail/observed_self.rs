use dt_metrics::observed;

#[observed(dims(shard = self.shard))]
fn depth() -> u64 {
    1
}

fn main() {}
