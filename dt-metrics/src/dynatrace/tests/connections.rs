use opentelemetry::metrics::MeterProvider;

use crate::dynatrace::config::options::DeliveryGuarantee;
use crate::dynatrace::tests::server::{Reply, Server};
use crate::dynatrace::tests::{LONG, provider, to};

#[test]
fn connections_that_a_load_balancer_closes_lose_nothing() {
    for guarantee in [
        DeliveryGuarantee::AtMostOnce,
        DeliveryGuarantee::AtLeastOnce,
    ] {
        let server = Server::start(|_, _| Reply::AcceptAndClose);
        let exporter = to(&server)
            .delivery_guarantee(guarantee)
            .build()
            .expect("valid");
        let provider = provider(&exporter);
        let counter = provider.meter("test").u64_counter("requests").build();
        for number in 1..=100 {
            counter.add(1, &[]);
            provider.force_flush().expect("collected");
            exporter.flush(LONG).expect("accepted");
            let health = exporter.health();
            assert_eq!(
                (health.points_accepted, health.points_dropped),
                (number, 0),
                "{guarantee:?}: {health:?}"
            );
        }
        if guarantee == DeliveryGuarantee::AtMostOnce {
            assert_eq!(server.requests().len(), 100, "none is sent twice");
        }
    }
}
