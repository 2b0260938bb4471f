fn main() {
    dt_metrics::up_down!("sessions", 1, -1);
}
