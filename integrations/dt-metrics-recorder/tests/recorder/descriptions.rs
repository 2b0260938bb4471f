//! Units and descriptions before and after the registration.

use metrics::Unit;

use super::{Installed, installed};

type Metadata = (Option<String>, Option<String>);

/// Pushes, and returns unit and description of a metric as they were received.
fn metadata(installed: &Installed, metric: &str) -> Metadata {
    received(installed, metric).unwrap_or_else(|| panic!("no metadata of {metric}"))
}

fn received(installed: &Installed, metric: &str) -> Option<Metadata> {
    installed.flush();
    let all = installed.endpoint.metadata();
    let found = all.into_iter().rfind(|metadata| metadata.key == metric)?;
    Some((found.unit, found.description))
}

/// Registers a gauge and then describes it. Returns its metadata; `None` if the histogram of another test came
/// in between, with which all instruments are made.
fn described_late(installed: &Installed, name: &str) -> Option<Metadata> {
    let no_pushes = installed.without_pushes();
    metrics::gauge!(name.to_owned(), "file" => "a").set(1);
    metrics::describe_gauge!(name.to_owned(), Unit::Percent, "Share of the disk in use");
    drop(no_pushes);
    received(installed, name)
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
    let mut names = (0..10).map(|attempt| format!("described.late.{attempt}"));
    let late = names.find_map(|name| described_late(installed, &name));
    assert_eq!(late, Some(both("%", "Share of the disk in use")));
    let (_, text) = metadata(installed, "described_by_text");
    assert_eq!(text.as_deref(), Some("Without a unit"));
}
