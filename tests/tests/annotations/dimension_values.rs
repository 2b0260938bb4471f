//! Which values dimensions can have, and how they are written.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroI8, NonZeroU64, NonZeroU128};
use std::rc::Rc;
use std::sync::Arc;

use dt_metrics::testing::capture;
use dt_metrics::{DimensionValue, count, counted};

fn written(value: impl DimensionValue, expected: &str) {
    let seen = capture(|| count!("values", dims(value = value)));
    let found = seen.counter("values").with("value", expected);
    assert_eq!(found.value(), 1, "{expected}: {seen:?}");
}

#[test]
fn every_type_of_value_is_written_as_its_text() {
    written("text", "text");
    written(String::from("text"), "text");
    written(Cow::Borrowed("text"), "text");
    written(Box::<str>::from("text"), "text");
    written(Arc::<str>::from("text"), "text");
    written(Rc::<str>::from("text"), "text");
    written('é', "é");
    written(true, "true");
    written(-5_i8, "-5");
    written(u64::MAX, "18446744073709551615");
    written(i128::MIN, "-170141183460469231731687303715884105728");
    written(u128::MAX, "340282366920938463463374607431768211455");
    written(NonZeroI8::new(-7), "-7");
    written(NonZeroU64::MIN, "1");
    written(NonZeroU128::MAX, "340282366920938463463374607431768211455");
    written(2.5_f32, "2.5");
    written(IpAddr::from([10, 0, 0, 1]), "10.0.0.1");
    written(Ipv4Addr::LOCALHOST, "127.0.0.1");
    written(Some(&Ipv6Addr::LOCALHOST), "::1");
}

#[test]
fn values_of_the_crate_http_are_written_as_on_the_wire() {
    written(http::StatusCode::NOT_FOUND, "404");
    written(http::Method::DELETE, "DELETE");
}

#[test]
fn characters_and_addresses_are_series_of_their_own() {
    #[counted(name = "peers", dims(peer, mark = mark))]
    fn connect(peer: IpAddr, mark: char) {
        let _ = (peer, mark);
    }
    let addresses = (0..=255).map(|last| IpAddr::from([10, 0, 0, last]));
    let seen = capture(|| addresses.for_each(|peer| (0..3).for_each(|_| connect(peer, 'a'))));
    let calls = seen.counter("peers").with("mark", "a");
    assert_eq!(calls.with("peer", "10.0.0.77").value(), 3);
    assert_eq!(seen.counter("peers").value(), 768);
}

#[derive(Debug)]
struct Shown(&'static str);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

#[test]
fn a_percent_sign_displays_and_a_question_mark_debugs() {
    #[counted(name = "shown", dims(shown = %shown, debugged = ?shown, number = %(1 + 1)))]
    fn show(shown: &Shown) {
        let _ = shown;
    }
    let seen = capture(|| show(&Shown("a")));
    let calls = seen.counter("shown").with("shown", "<a>");
    let calls = calls.with("debugged", "Shown(\"a\")").with("number", "2");
    assert_eq!(calls.value(), 1, "{seen:?}");
}

#[tokio::test]
async fn displayed_values_are_evaluated_when_an_async_call_begins() {
    #[counted(name = "shown.late", outcome, dims(shown = %shown), ret_dims(length = %ret))]
    async fn show(mut shown: String) -> usize {
        shown.push_str(" and something that does not fit into thirty bytes");
        tokio::task::yield_now().await;
        shown.len()
    }
    let seen = dt_metrics::testing::capture_async(show("a".to_owned())).await;
    let calls = seen.counter("shown.late").with("shown", "a");
    assert_eq!(calls.with("length", "51").value(), 1, "{seen:?}");
}

#[test]
fn a_long_text_is_cut_off_and_a_failing_one_keeps_its_beginning() {
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far")?;
            Err(fmt::Error)
        }
    }
    let long = "é".repeat(5_000);
    let seen = capture(|| {
        count!("cut", dims(value = %long));
        count!("fails", dims(value = %Fails));
    });
    let cut = seen.counter("cut").with("value", "é".repeat(2_048));
    assert_eq!(cut.value(), 1);
    assert_eq!(seen.counter("fails").with("value", "so far").value(), 1);
}

#[derive(Clone, DimensionValue)]
#[allow(dead_code)]
enum OrderError {
    SoldOut,
    Declined {
        code: u16,
        reason: String,
    },
    #[dimension(rename = "storage")]
    Database(String),
}

#[test]
fn an_enum_with_fields_has_the_names_of_its_variants() {
    #[counted(name = "orders", ret_dims(error.type = ret.as_ref().err()))]
    fn place(result: Result<u32, OrderError>) -> Result<u32, OrderError> {
        result
    }
    let declined = OrderError::Declined {
        code: 51,
        reason: "funds".to_owned(),
    };
    let errors = [
        OrderError::SoldOut,
        declined,
        OrderError::Database("disk".to_owned()),
    ];
    let seen = capture(|| {
        let placed = place(Ok(1)).is_ok();
        (placed, errors.clone().map(Err).map(place).len())
    });
    for name in ["sold_out", "declined", "storage"] {
        let calls = seen.counter("orders").with("error.type", name);
        assert_eq!(calls.value(), 1, "{name}");
    }
    assert_eq!(seen.counter("orders").value(), 4);
    assert!(OrderError::FIXED.is_some(), "its values are an index");
}

#[derive(DimensionValue)]
#[allow(dead_code)]
enum Failure<E> {
    Timeout,
    #[dimension(transparent)]
    Order(OrderError),
    #[dimension(transparent)]
    Status {
        status: u16,
    },
    #[dimension(transparent)]
    Other(Box<E>),
    #[dimension(skip)]
    Shutdown(u8),
}

#[test]
fn a_transparent_variant_has_the_value_of_its_field_and_a_skipped_one_none() {
    type Any = Failure<&'static str>;
    written(Any::Timeout, "timeout");
    written(Any::Order(OrderError::SoldOut), "sold_out");
    written(Any::Status { status: 503 }, "503");
    written(Any::Other(Box::new("own")), "own");
    assert_eq!(Any::Shutdown(1).dimension_value(), None);
}
