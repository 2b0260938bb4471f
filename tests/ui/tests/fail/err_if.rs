use dt_metrics::{counted, in_flight, measured};

#[counted(err_if)]
fn without_value() -> u8 {
    1
}

#[counted(err_if = true)]
fn literal() -> u8 {
    1
}

#[counted(err_if = |ret| *ret > 1)]
fn closure() -> u8 {
    1
}

#[counted(err_if = *ret > 1, err_if = *ret > 2)]
fn twice() -> u8 {
    1
}

#[in_flight(err_if = *ret > 1)]
fn in_flight_only() -> u8 {
    1
}

#[measured(ok_if = *ret > 1)]
fn another_word() -> u8 {
    1
}

#[measured(err_if = self.0 > 1)]
fn free() -> u8 {
    1
}

type BoxStream<T> = std::pin::Pin<Box<dyn futures_core::Stream<Item = T>>>;

#[measured(err_if = *ret > 1)]
fn boxed_stream() -> BoxStream<u8> {
    todo!()
}

fn main() {}
