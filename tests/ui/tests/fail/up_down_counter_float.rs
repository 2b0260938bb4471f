fn main() {
    dt_metrics::up_down_counter!("sessions", -0.5, dims(shard = 1));
}
