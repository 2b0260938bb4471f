//! A program without instruments, see `many_instruments.rs`.

mod collect_once;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    collect_once::run(|| ())
}
