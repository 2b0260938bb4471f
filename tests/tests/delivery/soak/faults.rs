//! The faults of an endpoint during an outage.

use std::time::Duration;

use dt_metrics_local::{Answer, Fault};

/// The answers that no client can misunderstand.
pub fn clear() -> Vec<(u32, Fault)> {
    let second = Duration::from_secs(1);
    let slow = Fault::SlowReading {
        bytes_per_second: 100_000,
    };
    vec![
        (12, Fault::None),
        (2, Answer::new(429).retry_after(second).into()),
        (1, Answer::new(503).retry_after_date(second).into()),
        // Long ago.
        (
            1,
            Answer::new(503)
                .header("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")
                .into(),
        ),
        (1, 408.into()),
        (1, 507.into()),
        (2, 500.into()),
        (2, 503.into()),
        (1, 502.into()),
        (1, 504.into()),
        (1, Answer::html(503).into()),
        (1, Fault::EchoAuthorization(503)),
        (1, Fault::Delay(Duration::from_millis(50))),
        (1, Fault::EndlessBody),
        (1, slow),
        (2, Fault::ResetBeforeReading),
        (1, Fault::SilentBeforeReading),
    ]
}

/// Faults after which the client cannot detect whether its request was accepted.
pub fn doubtful(timeout: Duration) -> Vec<(u32, Fault)> {
    let slow = Fault::SlowAnswer {
        bytes_per_second: 1,
    };
    vec![
        (2, Fault::ResetAfterReading),
        (2, Fault::SilentAfterReading),
        (1, slow),
        (1, Fault::Delay(2 * timeout)),
        (1, Fault::EndlessHeaders),
    ]
}
