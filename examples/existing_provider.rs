//! A program that uses the OpenTelemetry API and has a provider already: the Dynatrace exporter
//! alone fits into its reader, and with `attach` the provider exports the metrics of annotations.
//!
//! Endpoint and token come from the environment, as in `getting_started`.

use std::error::Error;
use std::time::Duration;

use dt_metrics::counted;
use dt_metrics::dynatrace::Exporter;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};

/// New code: annotated.
#[counted(name = "reminders", dims(country = country))]
fn remind(country: &str) {
    let _ = country;
}

fn main() -> Result<(), Box<dyn Error>> {
    let exporter = Exporter::builder()
        .prefix("legacy")
        .default_dimension("environment", "laptop")
        .resource_dimensions(["host.name"])
        .build()?;
    let provider = SdkMeterProvider::builder()
        .with_resource(
            Resource::builder()
                .with_service_name("billing")
                .with_attribute(KeyValue::new("host.name", "laptop-7"))
                .build(),
        )
        .with_reader(
            PeriodicReader::builder(exporter.clone())
                .with_interval(Duration::from_secs(10))
                .build(),
        )
        .build();
    global::set_meter_provider(provider.clone());
    let metrics = dt_metrics::attach(&provider)?;

    // The code that was there: as before, also in libraries.
    let meter = provider.meter("billing");
    let invoices = meter
        .u64_counter("invoices")
        .with_unit("{invoice}")
        .with_description("Invoices written")
        .build();
    let amount = meter.f64_histogram("invoice.amount").build();
    for (country, euro) in [("at", 10.0), ("at", 30.0), ("fr", 7.5)] {
        let dimensions = [KeyValue::new("country", country)];
        invoices.add(1, &dimensions);
        amount.record(euro, &dimensions);
    }

    remind("fr");

    // The rest is collected, then delivered. If delivery fails, the program reports it and ends well: its
    // result does not depend on its metrics.
    if let Err(error) = metrics.shutdown(Duration::from_secs(5)) {
        eprintln!("metrics: {error}");
    }
    if let Err(error) = exporter.flush(Duration::from_secs(5)) {
        eprintln!("metrics: {error}");
    }
    if let Err(error) = provider.shutdown() {
        eprintln!("metrics: {error}");
    }
    println!("{:#?}", exporter.health());
    Ok(())
}
