//! Names and units follow the semantic conventions.

use opentelemetry_semantic_conventions::metric as semconv;

#[test]
fn metrics_have_the_names_and_units_of_the_semantic_conventions() {
    let catalog = dt_metrics::catalog();
    let expected = [
        (semconv::PROCESS_CPU_TIME, "s"),
        (semconv::PROCESS_CPU_UTILIZATION, "1"),
        (semconv::PROCESS_MEMORY_USAGE, "By"),
        (semconv::PROCESS_MEMORY_VIRTUAL, "By"),
        (semconv::PROCESS_UPTIME, "s"),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        (semconv::PROCESS_THREAD_COUNT, "{thread}"),
        #[cfg(not(windows))]
        (
            semconv::PROCESS_UNIX_FILE_DESCRIPTOR_COUNT,
            "{file_descriptor}",
        ),
        #[cfg(windows)]
        (semconv::PROCESS_WINDOWS_HANDLE_COUNT, "{handle}"),
    ];
    for (name, unit) in expected {
        let mut found = catalog
            .iter()
            .filter(|metric| metric.name == name)
            .peekable();
        assert!(found.peek().is_some(), "{name} is in the catalogue");
        assert!(found.all(|metric| metric.unit == unit), "{name}");
    }
    for metric in catalog {
        let has_name = |&(name, _): &(&str, _)| name == metric.name;
        let is_process = metric.name.starts_with("process.");
        assert_eq!(expected.iter().any(has_name), is_process, "{}", metric.name);
        assert!(!metric.description.is_empty(), "{}", metric.name);
    }
}
