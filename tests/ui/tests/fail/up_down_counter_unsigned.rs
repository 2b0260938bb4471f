fn main() {
    let n = 1_usize;
    dt_metrics::up_down_counter!("sessions", n);
}
