//! Annotated async functions that call each other, under the default limit of recursion.

use dt_metrics::testing::capture_async;
use dt_metrics::{counted, measured, timed};

macro_rules! chain {
    ([$($attribute:tt)*] $last:ident) => {
        $($attribute)*
        pub(super) async fn $last() -> Result<u32, ()> {
            tokio::task::yield_now().await;
            Ok(1)
        }
    };
    ([$($attribute:tt)*] $first:ident $second:ident $($rest:ident)*) => {
        $($attribute)*
        pub(super) async fn $first() -> Result<u32, ()> {
            Ok($second().await? + 1)
        }
        chain!([$($attribute)*] $second $($rest)*);
    };
}

mod thirty {
    use super::*;
    chain! { [#[counted(name = "chain")] #[timed(name = "chain.duration")]]
        a01 a02 a03 a04 a05 a06 a07 a08 a09 a10 a11 a12 a13 a14 a15
        a16 a17 a18 a19 a20 a21 a22 a23 a24 a25 a26 a27 a28 a29 a30
    }
}

mod twenty {
    use super::*;
    chain! { [#[measured(name = "chain")]]
        a01 a02 a03 a04 a05 a06 a07 a08 a09 a10
        a11 a12 a13 a14 a15 a16 a17 a18 a19 a20
    }
}

/// Requires that a future may change threads, as `tokio::spawn` does.
fn sent<F: Future + Send + 'static>(future: F) -> F {
    future
}

#[tokio::test]
async fn thirty_deep_and_twenty_with_outcome() {
    let seen = capture_async(async {
        assert_eq!(sent(thirty::a01()).await, Ok(30));
        assert_eq!(sent(twenty::a01()).await, Ok(20));
        assert_eq!(tokio::spawn(twenty::a01()).await.unwrap(), Ok(20));
    })
    .await;
    assert_eq!(seen.counter("chain").value(), 30);
    assert_eq!(seen.histogram("chain.duration").count(), 30 + 20);
    assert_eq!(
        seen.counter("chain.calls").with("outcome", "ok").value(),
        20
    );
}
