use std::arch::naked_asm;

use dt_metrics::counted;

#[counted]
#[unsafe(naked)]
extern "C" fn f() {
    naked_asm!("ret");
}

fn main() {}
