//! Units and descriptions before and after the registration.

use metrics::Unit;

use super::{Installed, installed};

/// Pushes, and returns unit and description of a metric as they were received.
fn metadata(installed: &Installed, metric: &str) -> (Option<String>, Option<String>) {
    installed.flush();
    let all = installed.endpoint.metadata();
    let found = all.into_iter().rfind(|metadata| metadata.key == metric);
    let found = found.unwrap_or_else(|| panic!("no metadata of {metric}"));
    (found.unit, found.description)
}

#[test]
fn a_description_counts_whether_it_comes_before_or_after_the_registration() {
    let installed = installed();
    // The first push of a metric ends the time for its description.
    let no_pushes = installed.without_pushes();
    metrics::describe_counter!("described.before", Unit::Bytes, "Bytes read");
    metrics::counter!("described.before", "file" => "a").increment(1);

    let held = metrics::histogram!("described.after");
    metrics::describe_histogram!("described.after", Unit::Milliseconds, "Time to read");
    held.record(5);

    metrics::gauge!("described.late", "file" => "a").set(1);
    metrics::describe_gauge!("described.late", Unit::Percent, "Share of the disk in use");

    metrics::describe_counter!("described: by text", "Without a unit");
    metrics::counter!("described: by text").increment(1);
    drop(no_pushes);

    let both = |unit: &str, text: &str| (Some(unit.to_owned()), Some(text.to_owned()));
    assert_eq!(
        metadata(installed, "described.before"),
        both("By", "Bytes read")
    );
    assert_eq!(
        metadata(installed, "described.after"),
        both("ms", "Time to read")
    );
    let late = metadata(installed, "described.late");
    assert_eq!(late, both("%", "Share of the disk in use"));
    let (_, text) = metadata(installed, "described_by_text");
    assert_eq!(text.as_deref(), Some("Without a unit"));
}
