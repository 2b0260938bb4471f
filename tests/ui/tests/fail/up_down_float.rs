fn main() {
    dt_metrics::up_down!("sessions", -0.5, dims(shard = 1));
}
