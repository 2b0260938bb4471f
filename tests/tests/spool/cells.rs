//! Counts that were not collected yet: with a spool they outlive the process, in a mapped file of its slot.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::disks::start_on_disk;
use super::{arrived, later, on, outage, server, spooled};
use crate::common::AMPLE;
use crate::common::own_process::{self, path_of};
use crate::common::program::{Process, TOKEN};
use dt_metrics::count;
use dt_metrics_local::Server;
use tempfile::TempDir;

/// All files of all slots, with their sizes.
fn files(spool: &Path) -> BTreeMap<PathBuf, u64> {
    let slots = fs::read_dir(spool).unwrap();
    let entries = slots.flat_map(|slot| fs::read_dir(slot.unwrap().path()).unwrap());
    let entries = entries.map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
        .collect()
}

/// The files of cells.
fn cells(spool: &Path) -> Vec<PathBuf> {
    let mut files = files(spool);
    files.retain(|path, _| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.contains("cells")
    });
    files.into_keys().collect()
}

/// The sum of the counts that arrived.
fn total(server: &Server) -> u64 {
    arrived(server).into_iter().sum()
}

#[test]
fn counts_before_a_kill_are_delivered_with_and_without_a_collection() {
    for start in [Process::start, Process::start_otlp] {
        let directory = TempDir::new().unwrap();
        let (endpoint, port) = later();
        let mut never_collected = start(&endpoint, directory.path());
        never_collected.add(1);
        never_collected.add(2);
        never_collected.kill();
        let mut collected = start(&endpoint, directory.path());
        collected.count(10);
        collected.add(20);
        collected.kill();

        let server = on(port);
        let mut last = start(&endpoint, directory.path());
        assert!(last.flush());
        assert_eq!(total(&server), 33, "{:?}", arrived(&server));
        assert_eq!(last.health().dropped, 0);
        last.kill();
        // Nothing is found again.
        let mut another = start(&endpoint, directory.path());
        assert!(another.flush());
        assert_eq!(another.health().recovered, 0);
        assert_eq!(total(&server), 33);
        assert_eq!(another.end(), "Ok(())");
    }
}

#[test]
fn a_shutdown_leaves_no_cells_and_nothing_is_sent_twice() {
    let directory = TempDir::new().unwrap();
    let server = server();
    let mut first = Process::start(&server.url(), directory.path());
    first.add(5);
    assert!(first.flush());
    first.add(3);
    assert_eq!(
        cells(directory.path()).len(),
        1,
        "{:?}",
        files(directory.path())
    );
    assert_eq!(first.end(), "Ok(())");
    assert_eq!(arrived(&server), [5, 3]);
    assert_eq!(cells(directory.path()), [] as [PathBuf; 0]);
    assert!(spooled(directory.path()).is_empty());

    let mut second = Process::start(&server.url(), directory.path());
    assert!(second.flush());
    assert_eq!(second.health().recovered, 0);
    assert_eq!(arrived(&server), [5, 3]);
    assert_eq!(second.end(), "Ok(())");
}

/// The last collection has no counts, so nothing of it is sent or committed.
#[test]
fn a_shutdown_without_further_counts_leaves_no_cells() {
    let directory = TempDir::new().unwrap();
    let server = server();
    let mut process = Process::start(&server.url(), directory.path());
    process.add(5);
    assert!(process.flush());
    assert!(process.flush());
    assert_eq!(process.end(), "Ok(())");
    assert_eq!(cells(directory.path()), [] as [PathBuf; 0]);
    assert_eq!(arrived(&server), [5]);
}

/// A shutdown in an outage leaves requests only: their counts are not in the cells as well.
#[test]
fn counts_of_a_shutdown_in_an_outage_arrive_once() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, directory.path());
    first.count(5);
    first.add(3);
    assert_ne!(first.end(), "Ok(())");
    assert_eq!(cells(directory.path()), [] as [PathBuf; 0]);
    assert_eq!(spooled(directory.path()).len(), 2);

    let server = on(port);
    let mut second = Process::start(&endpoint, directory.path());
    assert!(second.flush());
    assert_eq!(arrived(&server), [5, 3]);
    assert_eq!(second.end(), "Ok(())");
}

/// The last collection hangs in a function of the program for longer than the shutdown may take.
#[test]
fn counts_of_a_shutdown_that_was_not_in_time_are_delivered_by_the_next_process() {
    let directory = TempDir::new().unwrap();
    let server = server();
    let mut first = Process::start(&server.url(), directory.path());
    first.add(5);
    assert!(first.flush());
    first.add(3);
    assert_ne!(first.ask("shutdown_late"), "Ok(())");
    // Nobody else may have the counts while the first one lives.
    let mut meanwhile = Process::start(&server.url(), directory.path());
    assert!(meanwhile.flush());
    assert_eq!(meanwhile.end(), "Ok(())");
    assert_eq!(first.end(), "Ok(())");
    assert_eq!(arrived(&server), [5]);
    assert_eq!(cells(directory.path()).len(), 1);

    let mut second = Process::start(&server.url(), directory.path());
    assert!(second.flush());
    assert_eq!(arrived(&server), [5, 3]);
    assert_eq!(second.end(), "Ok(())");
    assert_eq!(cells(directory.path()), [] as [PathBuf; 0]);
}

#[test]
fn counts_of_a_shutdown_that_was_not_in_time_are_delivered_by_another_pipeline_of_the_process() {
    let directory = TempDir::new().unwrap();
    let server = server();
    let mut first = Process::start(&server.url(), directory.path());
    first.add(3);
    assert_ne!(first.ask("shutdown_late"), "Ok(())");
    assert_eq!(first.ask("reinstall"), "ready");
    assert!(first.flush());
    assert_eq!(arrived(&server), [3]);
    first.add(4);
    first.kill();

    let mut second = Process::start(&server.url(), directory.path());
    assert!(second.flush());
    let came = server.wait_for(AMPLE, |state| {
        state.counter_total("program.calls", &[]) >= 7.0
    });
    assert!(came, "{:?}", arrived(&server));
    assert_eq!(second.end(), "Ok(())");
    assert_eq!(arrived(&server), [3, 4]);
}

/// The header of the last request of a collection has the number of them.
#[test]
fn the_requests_of_a_collection_tell_whether_they_are_complete() {
    let directory = TempDir::new().unwrap();
    let mut process = Process::start_with_lines(5, &outage(), directory.path());
    process.count_parts(1);
    let headers = spooled(directory.path()).into_iter().map(|file| {
        let text = fs::read_to_string(file).unwrap();
        text.lines()
            .next()
            .unwrap()
            .split(' ')
            .nth(7)
            .unwrap()
            .to_owned()
    });
    let headers: Vec<_> = headers.collect();
    let count = headers.len();
    assert!(count > 1);
    for (index, snapshot) in (1..).zip(&headers) {
        let parts: Vec<_> = snapshot.split(':').collect();
        let last = (index == count).then(|| count.to_string());
        assert_eq!(
            parts.get(2).map(|part| (*part).to_owned()),
            last,
            "{headers:?}"
        );
    }
    process.kill();
}

/// An exporter without a pipeline keeps no cells, and delivers those of others.
#[test]
fn counts_are_delivered_by_an_exporter_that_keeps_none() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, directory.path());
    first.count(5);
    first.add(3);
    first.kill();
    let server = on(port);
    let exporter = dt_metrics::dynatrace::Exporter::builder()
        .endpoint(&endpoint)
        .api_token(TOKEN)
        .spool_dir(directory.path())
        .build()
        .unwrap();
    exporter.flush(AMPLE).unwrap();
    assert_eq!(arrived(&server), [5, 3]);
    assert_eq!(exporter.health().points_recovered, 2);
    exporter.shutdown(AMPLE).unwrap();
    assert_eq!(cells(directory.path()), [] as [PathBuf; 0]);
}

#[test]
fn two_processes_with_one_directory_have_cells_of_their_own() {
    let directory = TempDir::new().unwrap();
    let (endpoint, port) = later();
    let mut first = Process::start(&endpoint, directory.path());
    let mut second = Process::start(&endpoint, directory.path());
    for amount in 1..=3 {
        first.add(amount);
        second.add(10 * amount);
    }
    assert_eq!(
        cells(directory.path()).len(),
        2,
        "{:?}",
        files(directory.path())
    );
    first.kill();

    let server = on(port);
    // One that lives keeps its counts for itself.
    let mut third = Process::start(&endpoint, directory.path());
    let came = server.wait_for(AMPLE, |state| {
        state.counter_total("program.calls", &[]) >= 6.0
    });
    assert!(came, "{:?}", arrived(&server));
    assert!(third.flush());
    assert_eq!(total(&server), 6);
    second.add(100);
    second.kill();
    assert_eq!(third.end(), "Ok(())");
    let mut fourth = Process::start(&endpoint, directory.path());
    // Slots of other processes are taken over next to the delivery.
    let came = server.wait_for(AMPLE, |state| {
        state.counter_total("program.calls", &[]) >= 166.0
    });
    assert!(came, "{:?}", arrived(&server));
    assert!(fourth.flush());
    assert_eq!(total(&server), 6 + 160);
    assert_eq!(fourth.end(), "Ok(())");
    assert_eq!(cells(directory.path()), [] as [PathBuf; 0]);
}

#[test]
fn counts_for_one_endpoint_never_go_to_another() {
    let directory = TempDir::new().unwrap();
    let (staging, port) = later();
    let mut first = Process::start(&staging, directory.path());
    first.add(7);
    first.kill();
    let left = cells(directory.path());
    assert_eq!(left.len(), 1, "{:?}", files(directory.path()));
    let content = fs::read(&left[0]).unwrap();

    let production = server();
    let mut second = Process::start(&production.url(), directory.path());
    second.add(10);
    assert!(second.flush());
    assert_eq!(arrived(&production), [10]);
    assert_eq!(second.health().recovered, 0);
    let error = second.ask("error");
    for part in ["slot-000", &staging, "another endpoint"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(second.end(), "Ok(())");
    assert_eq!(fs::read(&left[0]).unwrap(), content, "it is left there");

    let server = on(port);
    let mut third = Process::start(&staging, directory.path());
    assert!(third.flush());
    assert_eq!(arrived(&server), [7]);
    assert_eq!(third.end(), "Ok(())");
    assert_eq!(cells(directory.path()), [] as [PathBuf; 0]);
}

/// The process that delivers the counts adds nothing of its own to them.
#[test]
fn counts_have_the_prefix_dimensions_and_resource_of_the_process_that_counted() {
    for is_otlp in [false, true] {
        let directory = TempDir::new().unwrap();
        let (endpoint, port) = later();
        let start = |name: &str| {
            let variables = [
                format!("DT_METRICS_PREFIX={name}"),
                format!("DT_METRICS_DEFAULT_DIMENSIONS=team={name}"),
                "DT_METRICS_RESOURCE_DIMENSIONS=service.version".into(),
                format!("OTEL_SERVICE_NAME={name}.service"),
                format!("OTEL_RESOURCE_ATTRIBUTES=service.version={name}.1"),
                format!(
                    "TEST_PROGRAM_BY_OTLP{}=1",
                    if is_otlp { "" } else { "_NOT" }
                ),
            ];
            let mut by = vec!["env"];
            by.extend(variables.iter().map(String::as_str));
            Process::start_by(&by, &endpoint, directory.path())
        };
        let mut first = start("first");
        first.add(5);
        first.kill();
        let server = on(port);
        let mut second = start("second");
        second.add(7);
        assert!(second.flush());
        for (name, counted) in [("first", 5.0), ("second", 7.0)] {
            let key = format!("{name}.program.calls");
            let (service, version) = (format!("{name}.service"), format!("{name}.1"));
            let dimensions = [
                ("team", name),
                ("service.name", &*service),
                ("service.version", &*version),
            ];
            assert_eq!(server.total(&key), counted, "{:?}", server.lines());
            // The name of the service is in the resource over OTLP.
            let dimensions = if is_otlp {
                vec![dimensions[0], dimensions[2]]
            } else {
                dimensions.to_vec()
            };
            assert_eq!(
                server.counter_total(&key, &dimensions),
                counted,
                "{:?}",
                server.series()
            );
        }
        assert_eq!(second.end(), "Ok(())");
    }
}

/// A process that was killed right after a push leaves nothing for others to report.
#[test]
fn cells_without_counts_are_not_reported_to_a_process_with_another_endpoint() {
    let directory = TempDir::new().unwrap();
    let staging = server();
    let mut first = Process::start(&staging.url(), directory.path());
    first.add(7);
    assert!(first.flush());
    first.kill();
    assert_eq!(cells(directory.path()).len(), 1);
    let production = server();
    let mut second = Process::start(&production.url(), directory.path());
    second.add(1);
    assert!(second.flush());
    assert_eq!(second.ask("error"), "");
    assert_eq!(arrived(&production), [1]);
    assert_eq!(second.end(), "Ok(())");
}

#[test]
fn counting_continues_when_the_directory_is_removed() {
    let directory = TempDir::new().unwrap();
    let spool = directory.path().join("spool");
    let server = server();
    let mut process = Process::start(&server.url(), &spool);
    process.add(1);
    fs::remove_dir_all(&spool).unwrap();
    process.add(2);
    process.add_parts(1_000);
    assert!(process.flush());
    assert_eq!(total(&server), 1_003);
    process.add(4);
    process.add_parts(1_500);
    assert_eq!(process.end(), "Ok(())");
    assert_eq!(total(&server), 2_507);
    let mut next = Process::start(&server.url(), &spool);
    assert!(next.flush());
    assert_eq!(total(&server), 2_507);
    assert_eq!(next.end(), "Ok(())");
}

/// Counts at the limit: each is delivered while the process lives, and none is doubled by the next
/// process.
#[test]
fn cells_that_do_not_fit_are_in_memory() {
    for limit in ["1", "4000", "20000", "100KiB"] {
        let directory = TempDir::new().unwrap();
        let server = server();
        let limit = format!("DT_METRICS_SPOOL_LIMIT_BYTES={limit}");
        let start = || Process::start_by(&["env", &limit], &server.url(), directory.path());
        let mut process = start();
        process.add(1);
        process.add_parts(1_900);
        assert!(process.flush(), "{limit}");
        assert_eq!(total(&server), 1_901, "{limit}");
        process.add(2);
        process.add_parts(1_900);
        assert_eq!(process.end(), "Ok(())", "{limit}");
        assert_eq!(total(&server), 3_803, "{limit}");

        let mut killed = start();
        killed.add_parts(1_900);
        assert!(killed.flush(), "{limit}");
        killed.add_parts(1_900);
        killed.kill();
        let mut next = start();
        assert!(next.flush(), "{limit}");
        let arrived = total(&server);
        assert!((5_703..=7_603).contains(&arrived), "{arrived} with {limit}");
        assert_eq!(next.end(), "Ok(())", "{limit}");
        assert!(spooled(directory.path()).is_empty());
    }
}

/// A page of a file is reserved before it is written: a full disk is not a fatal signal.
#[test]
fn counting_continues_on_a_full_disk() {
    for size in ["size=4k", "size=16k", "size=64k", "size=200k", "size=400k"] {
        let directory = TempDir::new().unwrap();
        let server = server();
        let disk = directory.path().join("disk");
        let Some(mut process) = start_on_disk(size, &server.url(), &disk) else {
            return;
        };
        process.add(1);
        process.add_parts(1_900);
        assert!(process.flush(), "{size}");
        process.add(2);
        process.add_parts(1_900);
        assert_eq!(process.end(), "Ok(())", "{size}");
        assert_eq!(total(&server), 3_803, "{size}");
    }
}

/// Files that this process maps shared and writable, and regular files that it has open.
#[cfg(target_os = "linux")]
fn shared_and_open() -> Vec<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let shared = maps.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let access = fields.nth(1).unwrap();
        let path = fields.nth(3).unwrap_or_default();
        (access.ends_with('s') && path.starts_with('/')).then(|| PathBuf::from(path))
    });
    let open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| {
        let target = fs::read_link(entry.unwrap().path()).ok()?;
        (target.is_absolute() && target.is_file()).then_some(target)
    });
    shared.chain(open).collect()
}

/// Counts, and prints the files in use while it counts.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a process that the other tests start"]
fn files_in_use() {
    if !own_process::is_child(path_of(files_in_use)) {
        return;
    }
    let before = shared_and_open();
    let mut builder = dt_metrics::builder()
        .endpoint(std::env::var("TEST_CELLS_ENDPOINT").unwrap())
        .api_token(TOKEN);
    if let Some(spool) = std::env::var_os("TEST_CELLS_SPOOL") {
        builder = builder.spool_dir(spool);
    }
    let metrics = builder.install().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            scope.spawn(move || {
                for part in 0..500 {
                    count!("cells.in_use", 1, dims(part = part, thread = thread));
                }
            });
        }
    });
    metrics.flush(AMPLE).unwrap();
    count!("cells.in_use", 1);
    let mut after = shared_and_open();
    after.retain(|path| !before.contains(path));
    metrics.shutdown(AMPLE).unwrap();
    println!("in use: {after:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_spool_no_file_is_made_or_mapped() {
    let server = server();
    let run = |with_spool: bool| {
        let directory = TempDir::new().unwrap();
        let mut command = own_process::child(path_of(files_in_use));
        command
            .current_dir(directory.path())
            .env("TEST_CELLS_ENDPOINT", server.url());
        for variable in ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"] {
            command.env(variable, directory.path());
        }
        if with_spool {
            command.env("TEST_CELLS_SPOOL", directory.path().join("spool"));
        }
        let printed = own_process::passes(command);
        let (_, used) = printed.split_once("in use: ").unwrap();
        let files = fs::read_dir(directory.path()).unwrap().count();
        (used.lines().next().unwrap().to_owned(), files)
    };
    assert_eq!(run(false), ("[]".to_owned(), 0));
    let (used, files) = run(true);
    assert!(used.contains("cells"), "{used}");
    assert_eq!(files, 1);
    assert_eq!(server.total("cells.in_use"), 4_002.0);
}

/// A cleaner may remove the file that a running process counts in. The process does not need it.
#[test]
fn counting_continues_when_the_file_is_removed() {
    let directory = TempDir::new().unwrap();
    let server = server();
    let mut process = Process::start(&server.url(), directory.path());
    process.add(1);
    for file in cells(directory.path()) {
        fs::remove_file(file).unwrap();
    }
    process.add(2);
    assert!(process.flush());
    let events = process.ask("events");
    assert_eq!(
        events.matches("somebody removed the file `cells`").count(),
        1,
        "{events}"
    );
    process.add(4);
    process.add_parts(1_900);
    assert!(process.flush());
    let events = process.ask("events");
    assert_eq!(events.matches("cells").count(), 1, "{events}");
    assert_eq!(process.end(), "Ok(())");
    assert_eq!(total(&server), 1_907);
}

/// Damages one file.
type Damage = fn(&Path);

/// Files that are not complete, not a file of cells, or altered at any place: nothing is delivered that
/// was not counted, and the process that finds them delivers its own counts.
#[test]
fn delivery_continues_with_damaged_cells() {
    let damages: [(&str, Damage); 6] = [
        ("empty", |file| fs::write(file, "").unwrap()),
        ("zeros", |file| fs::write(file, [0; 9_000]).unwrap()),
        ("text", |file| fs::write(file, "of somebody else").unwrap()),
        ("cut", |file| {
            let content = fs::read(file).unwrap();
            fs::write(file, &content[..content.len() / 2 + 3]).unwrap();
        }),
        ("directory", |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
        ("link", |file| {
            fs::remove_file(file).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", file).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let directory = TempDir::new().unwrap();
        let (endpoint, port) = later();
        let mut first = Process::start(&endpoint, directory.path());
        first.count(100);
        first.add(1);
        first.kill();
        let left = cells(directory.path());
        assert_eq!(left.len(), 1, "{:?}", files(directory.path()));
        damage(&left[0]);
        let server = on(port);
        let mut second = Process::start(&endpoint, directory.path());
        second.add(10);
        assert!(second.flush(), "{name}");
        let arrived = total(&server);
        assert!([110, 111].contains(&arrived), "{name}: {arrived}");
        assert_eq!(second.end(), "Ok(())", "{name}");
    }
    // Shows that these tests look at the right file.
    let directory = TempDir::new().unwrap();
    let mut process = Process::start(&outage(), directory.path());
    process.add(1);
    assert_eq!(cells(directory.path()).len(), 1);
    process.kill();
}
