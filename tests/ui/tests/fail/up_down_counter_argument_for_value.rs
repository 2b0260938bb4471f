fn main() {
    dt_metrics::up_down_counter!("sessions", dims(shard = 1));
}
