//! A service of 40 measured functions, with about 300 series, to look at on the live page.
//!
//! ```sh
//! cargo run -p dt-metrics-local                  # in one terminal; open its page
//! cargo run --bin online_shop -- 600             # in another one, for ten minutes
//! ```
//!
//! Start an outage in the page's view *Delivery*: everything arrives afterwards. At the end, the program prints the
//! number of calls that it counted by itself, to compare with the total on the page.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use dt_metrics::{DimensionValue, measured};

#[derive(Clone, Copy, DimensionValue)]
enum Route {
    #[dimension(rename = "/web")]
    Web,
    #[dimension(rename = "/app")]
    App,
}

/// The number of all calls, counted apart from the library.
static CALLS: AtomicU64 = AtomicU64::new(0);

type Outcome = Result<(), &'static str>;

/// Takes about this time, and fails in this number of a thousand calls; in the app three times as often.
fn work(route: Route, microseconds: u64, failures: u64) -> Outcome {
    CALLS.fetch_add(1, Ordering::Relaxed);
    sleep(Duration::from_micros(fastrand::u64(
        microseconds / 2..=microseconds * 2,
    )));
    let failures = match route {
        Route::Web => failures,
        Route::App => 3 * failures,
    };
    if fastrand::u64(0..1_000) < failures {
        return Err("out of order");
    }
    Ok(())
}

/// A measured function: `.calls` and `.duration` by route and outcome, `.in_flight` by route.
macro_rules! function {
    ($name:ident, $description:tt, $microseconds:tt, $failures:tt) => {
        #[measured(description = $description, dims(route = route))]
        fn $name(route: Route) -> Outcome {
            work(route, $microseconds, $failures)
        }
    };
}

function!(add_to_cart, "Put an article into the cart", 700, 10);
function!(apply_voucher, "Take a voucher off the price", 900, 60);
function!(
    authorize_card,
    "Request the limit of a card from the bank",
    4_000,
    20
);
function!(cancel_order, "Cancel an order", 1_200, 10);
function!(capture_payment, "Book a payment", 3_000, 10);
function!(check_address, "Check that an address exists", 1_500, 30);
function!(check_stock, "Look up the stock of an article", 400, 10);
function!(clear_cart, "Empty the cart", 300, 0);
function!(compare_articles, "Compare two articles", 600, 0);
function!(confirm_order, "Confirm an order by mail", 2_000, 10);
function!(convert_currency, "Convert a price", 200, 0);
function!(create_account, "Create an account", 2_500, 10);
function!(delete_account, "Delete an account", 1_000, 0);
function!(estimate_delivery, "Estimate the day of delivery", 800, 0);
function!(find_branch, "Find the nearest branch", 900, 0);
function!(issue_invoice, "Write an invoice", 3_500, 10);
function!(list_orders, "List the orders of an account", 1_800, 0);
function!(load_article, "Show an article", 500, 0);
function!(load_category, "Show a category", 800, 0);
function!(load_home, "Show the first page", 700, 0);
function!(load_reviews, "Show the reviews of an article", 900, 10);
function!(log_in, "Log in", 1_500, 20);
function!(log_out, "Log out", 200, 0);
function!(merge_carts, "Merge two carts at login", 600, 0);
function!(
    notify_courier,
    "Notify the courier about a parcel",
    2_500,
    20
);
function!(place_order, "Place an order", 2_500, 10);
function!(print_label, "Print the label of a parcel", 1_200, 10);
function!(rate_article, "Rate an article", 500, 0);
function!(recommend_articles, "Recommend articles", 2_200, 0);
function!(refund_payment, "Refund a payment", 3_000, 10);
function!(remove_from_cart, "Take an article out of the cart", 300, 0);
function!(renew_session, "Renew a session", 150, 0);
function!(reserve_stock, "Reserve an article", 1_000, 10);
function!(reset_password, "Reset a password", 1_400, 10);
function!(return_parcel, "Register a return", 1_100, 10);
function!(save_wish, "Save an article for later", 400, 0);
function!(search_articles, "Search for articles", 1_700, 10);
function!(subscribe_news, "Subscribe to the newsletter", 600, 0);
function!(track_parcel, "Look up where a parcel is", 1_300, 10);
function!(write_review, "Write a review", 700, 10);

const FUNCTIONS: [fn(Route) -> Outcome; 40] = [
    add_to_cart,
    apply_voucher,
    authorize_card,
    cancel_order,
    capture_payment,
    check_address,
    check_stock,
    clear_cart,
    compare_articles,
    confirm_order,
    convert_currency,
    create_account,
    delete_account,
    estimate_delivery,
    find_branch,
    issue_invoice,
    list_orders,
    load_article,
    load_category,
    load_home,
    load_reviews,
    log_in,
    log_out,
    merge_carts,
    notify_courier,
    place_order,
    print_label,
    rate_article,
    recommend_articles,
    refund_payment,
    remove_from_cart,
    renew_session,
    reserve_stock,
    reset_password,
    return_parcel,
    save_wish,
    search_articles,
    subscribe_news,
    track_parcel,
    write_review,
];

fn serve(end: Instant) {
    while Instant::now() < end {
        let route = if fastrand::u8(0..3) == 0 {
            Route::App
        } else {
            Route::Web
        };
        let function = FUNCTIONS[fastrand::usize(0..FUNCTIONS.len())];
        let _ = function(route); // its outcome is measured
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: u64 = std::env::args().nth(1).unwrap_or("60".into()).parse()?;
    let metrics = dt_metrics::builder()
        .prefix("shop")
        .service_name("online-shop")
        .default_dimension("environment", "laptop")
        .push_interval(Duration::from_secs(1)) // to watch it; the default is a minute
        .health_metrics(true) // shows pending data points and retries on the page
        .install()?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let threads: Vec<_> = (0..4).map(|_| spawn(move || serve(end))).collect();
    for thread in threads {
        thread.join().map_err(|_| "a worker panicked")?;
    }
    metrics.shutdown(Duration::from_secs(60))?;
    println!("{} calls", CALLS.load(Ordering::Relaxed));
    Ok(())
}
