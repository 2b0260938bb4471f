//! What an annotation adds to the size of a future, and that it stays `Send`.

use std::future::Future;

use dt_metrics::{counted, in_flight, measured, timed};

macro_rules! variants {
    ($($name:ident: [$($attribute:tt)*];)+) => {$(
        $($attribute)*
        async fn $name(bytes: [u8; 64]) -> Result<u8, ()> {
            tokio::task::yield_now().await;
            Ok(bytes[0])
        }
    )+};
}

variants! {
    bare: [];
    counts: [#[counted]];
    times: [#[timed]];
    flies: [#[in_flight]];
    tells: [#[counted(outcome)]];
    measures: [#[measured]];
}

fn size<F: Future + Send>(future: &F) -> usize {
    size_of_val(future)
}

/// Told in the documentation of the annotations.
#[test]
fn sizes() {
    let bare = size(&bare([0; 64]));
    let more = |future: usize| future - bare;
    let sizes = [
        more(size(&counts([0; 64]))),
        more(size(&times([0; 64]))),
        more(size(&flies([0; 64]))),
        more(size(&tells([0; 64]))),
        more(size(&measures([0; 64]))),
    ];
    // The parameters are there once.
    assert!(sizes.iter().all(|more| *more <= 40), "{sizes:?}");
    assert_eq!((sizes[0], sizes[2]), (0, 0), "{sizes:?}");
}
