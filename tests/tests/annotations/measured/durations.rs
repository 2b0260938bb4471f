//! A future is measured while it runs, not while it is made.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use dt_metrics::testing::capture_async;
use dt_metrics::{measured, timed};

const NAP: Duration = Duration::from_millis(200);

async fn nap() -> Result<u32, String> {
    tokio::time::sleep(NAP).await;
    Ok(1)
}

#[timed(name = "nap.async_fn")]
async fn async_fn() -> Result<u32, String> {
    nap().await
}

#[timed(name = "nap.async_fn_outcome", outcome)]
async fn async_fn_outcome() -> Result<u32, String> {
    nap().await
}

#[timed(name = "nap.impl_future")]
fn impl_future() -> impl Future<Output = Result<u32, String>> + Send {
    nap()
}

#[timed(name = "nap.boxed")]
fn boxed() -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    Box::pin(nap())
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

#[timed(name = "nap.alias", outcome)]
fn alias(early: bool) -> Boxed<'static, Result<u32, String>> {
    if early {
        return Box::pin(nap());
    }
    Box::pin(nap())
}

/// As `#[async_trait]` writes it, now and before.
#[timed(name = "nap.pinned_block", outcome)]
fn pinned_block<'life0, 'async_trait>(
    name: &'life0 str,
) -> ::core::pin::Pin<
    Box<
        dyn ::core::future::Future<Output = Result<u32, String>>
            + ::core::marker::Send
            + 'async_trait,
    >,
>
where
    'life0: 'async_trait,
{
    Box::pin(async move {
        if let ::core::option::Option::Some(__ret) =
            ::core::option::Option::None::<Result<u32, String>>
        {
            return __ret;
        }
        let __ret: Result<u32, String> = {
            let _ = name;
            nap().await
        };
        __ret
    })
}

#[rustfmt::skip]
#[timed(name = "nap.comma", outcome)]
fn comma() -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    Box::pin(async { nap().await },)
}

#[timed(name = "nap.inner_function", outcome)]
fn inner_function<'async_trait>(
    name: &'async_trait str,
) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send + 'async_trait>> {
    async fn __inner(name: &str) -> Result<u32, String> {
        let _ = name;
        nap().await
    }
    Box::pin(__inner(name))
}

struct Bed;

#[async_trait::async_trait]
trait Sleeper {
    async fn below(&self) -> Result<u32, String>;
    async fn above(&self) -> Result<u32, String>;
    #[timed(name = "nap.trait_default", outcome)]
    async fn default(&self) -> Result<u32, String> {
        nap().await
    }
}

#[async_trait::async_trait]
impl Sleeper for Bed {
    #[timed(name = "nap.trait_inside", outcome)]
    async fn below(&self) -> Result<u32, String> {
        nap().await
    }

    #[timed(name = "nap.trait_inside_plain")]
    async fn above(&self) -> Result<u32, String> {
        nap().await
    }
}

struct Sofa;

#[measured(name = "nap.outside")]
#[async_trait::async_trait]
impl Sleeper for Sofa {
    async fn below(&self) -> Result<u32, String> {
        nap().await
    }

    async fn above(&self) -> Result<u32, String> {
        Err("awake".to_owned())
    }
}

struct Hammock;

#[async_trait::async_trait]
#[measured(name = "nap.inside")]
impl Sleeper for Hammock {
    async fn below(&self) -> Result<u32, String> {
        nap().await
    }

    async fn above(&self) -> Result<u32, String> {
        Err("awake".to_owned())
    }
}

#[tokio::test]
async fn a_nap_takes_its_time_in_every_kind_of_function() {
    let naps = async {
        // All at once: each is measured on its own.
        let (bed, sofa, hammock) = (Bed, Sofa, Hammock);
        let all = tokio::join!(
            async_fn(),
            async_fn_outcome(),
            impl_future(),
            boxed(),
            alias(true),
            alias(false),
            pinned_block("a"),
            inner_function("b"),
            comma(),
            bed.below(),
            bed.above(),
            bed.default(),
            sofa.below(),
            hammock.below(),
        );
        assert_eq!(all.0, Ok(1));
        let _ = tokio::join!(sofa.above(), hammock.above());
    };
    let seen = capture_async(naps).await;
    for (name, outcome, count) in [
        ("nap.async_fn", false, 1),
        ("nap.async_fn_outcome", true, 1),
        ("nap.impl_future", false, 1),
        ("nap.boxed", false, 1),
        ("nap.alias", true, 2),
        ("nap.pinned_block", true, 1),
        ("nap.inner_function", true, 1),
        ("nap.comma", true, 1),
        ("nap.trait_inside", true, 1),
        ("nap.trait_inside_plain", false, 1),
        ("nap.trait_default", true, 1),
        ("nap.outside.below.duration", true, 1),
        ("nap.inside.below.duration", true, 1),
    ] {
        let mut all = seen.histogram(name);
        if outcome {
            all = all.with("outcome", "ok");
        }
        assert_eq!(all.count(), count, "{name}: {seen:?}");
        assert!(
            all.min().unwrap_or(0.0) >= NAP.as_secs_f64(),
            "{name}: {seen:?}"
        );
    }
    for name in ["nap.outside.above.calls", "nap.inside.above.calls"] {
        assert_eq!(
            seen.counter(name).with("outcome", "err").value(),
            1,
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn a_future_that_is_never_polled_is_not_a_call() {
    let seen = capture_async(async {
        drop(async_fn());
        drop(async_fn_outcome());
        drop(impl_future());
        drop(boxed());
        drop(alias(false));
        drop(pinned_block("a"));
        drop(Bed.below());
        drop(Sofa.below());
    })
    .await;
    assert!(seen.is_empty(), "{seen:?}");
}
