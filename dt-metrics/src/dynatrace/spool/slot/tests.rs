use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use tempfile::TempDir;

use crate::dynatrace::config::endpoint::Endpoint;
use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::spool::record::Damage;
use crate::dynatrace::spool::slot::{Claim, Contents, LeftReason, Slot, Standing, Unreadable};

fn claim(directory: &TempDir, name: &str) -> Option<Slot> {
    let spool = DirectoryHandle::open(directory.path()).expect("safe");
    let recipient = Recipient::of_test(Format::Lines);
    match Slot::claim(&spool, name, &recipient).expect("a directory") {
        Claim::Taken(slot) => Some(slot),
        Claim::NotFree => None,
        Claim::Left(left) => panic!("{left:?}"),
    }
}

fn slot(directory: &TempDir) -> Slot {
    claim(directory, "slot").expect("nobody's")
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(path)
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}

fn texts(slot: &Slot) -> Vec<(RequestId, String)> {
    let contents = slot.scan().expect("readable");
    contents
        .stored
        .iter()
        .map(|stored| {
            let body = slot.read(stored.id).expect("whole");
            (stored.id, body.text().to_string())
        })
        .collect()
}

#[test]
fn the_next_process_finds_written_requests_in_order() {
    let directory = TempDir::new().expect("a directory");
    let first = slot(&directory);
    for (sequence, text) in [(10, "c"), (2, "a\n#b\nb"), (9, "x")] {
        first
            .write(RequestId::of(sequence), UNIX_EPOCH, &Body::of(text), None)
            .expect("written");
    }
    first
        .write(RequestId::of(9), UNIX_EPOCH, &Body::of("b"), None)
        .expect("replaced");
    first
        .write(RequestId::of(1), UNIX_EPOCH, &Body::of("gone"), None)
        .expect("written");
    first.remove(RequestId::of(1)).expect("removed");
    first.remove(RequestId::of(1)).expect("removed before");
    drop(first);

    let next = slot(&directory);
    let expected = [(2, "a\n#b\nb"), (9, "b"), (10, "c")]
        .map(|(sequence, text)| (RequestId::of(sequence), text.into()));
    assert_eq!(texts(&next), expected);
    let contents = next.scan().expect("readable");
    assert_eq!(contents.last_sequence, 10);
    let first = contents.stored[0].header;
    assert_eq!(first.collected(), UNIX_EPOCH);
    assert_eq!((first.lines, first.metadata), (2, 1));
    assert_eq!(
        names(next.path()),
        [
            "00000000000000000002-0000000000.lines",
            "00000000000000000009-0000000000.lines",
            "00000000000000000010-0000000000.lines",
            "lock",
            "recipient",
        ]
    );
}

#[test]
fn one_at_a_time() {
    let directory = TempDir::new().expect("a directory");
    let first = slot(&directory);
    assert!(claim(&directory, "slot").is_none());
    drop(first);
    assert!(claim(&directory, "slot").is_some());
}

#[test]
fn torn_files_are_counted_and_kept_and_the_rest_stays() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a\nb"), None)
        .expect("written");
    slot.write(RequestId::of(2), UNIX_EPOCH, &Body::of("c"), None)
        .expect("written");
    let path = |name: &str| slot.path().join(name);
    let whole = fs::read(path("00000000000000000001-0000000000.lines")).expect("a file");
    let files: [(&str, &[u8]); 9] = [
        ("00000000000000000003-0000000000.lines", b""),
        ("00000000000000000004-0000000000.lines", &[0; 9_000]),
        (
            "00000000000000000005-0000000000.lines",
            &whole[..whole.len() - 1],
        ),
        ("00000000000000000006-0000000000.part", &whole),
        ("00000000000000000007-0000000000.lines", b"garbage\n"),
        ("7-0.lines", b"of somebody else"),
        ("notes.txt", b"of somebody else"),
        ("99999999999999999999-0000000000.lines", b"of somebody else"),
        ("+0000000000000000009.lines", b"of somebody else"),
    ];
    for (name, content) in files {
        fs::write(path(name), content).expect("written");
    }
    fs::create_dir(path("00000000000000000011-0000000000.lines")).expect("a directory");

    let contents = slot.scan().expect("readable");
    assert_eq!(contents.stored.len(), 2);
    // The content of an empty file, of zeros and of garbage is unknown: each counts as at least one
    // point.
    assert_eq!((contents.damaged, contents.damaged_points), (4, 5));
    assert_eq!(contents.last_sequence, 11);
    assert_eq!(
        names(slot.path()),
        [
            "+0000000000000000009.lines",
            "00000000000000000001-0000000000.lines",
            "00000000000000000002-0000000000.lines",
            "00000000000000000003-0000000000.damaged",
            "00000000000000000004-0000000000.damaged",
            "00000000000000000005-0000000000.damaged",
            "00000000000000000007-0000000000.damaged",
            "00000000000000000011-0000000000.lines",
            "7-0.lines",
            "99999999999999999999-0000000000.lines",
            "lock",
            "notes.txt",
            "recipient",
        ]
    );
    assert_eq!(slot.scan().expect("readable").damaged, 0);
}

#[test]
fn a_file_of_a_newer_version_stays() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    let said = "dt-metrics-spool 2 and more ";
    let line = format!("{said}{:08x}\n…", crc32fast::hash(said.as_bytes()));
    let path = slot.path().join("00000000000000000008-0000000000.lines");
    fs::write(&path, &line).expect("written");
    let contents = slot.scan().expect("readable");
    let expected = Contents {
        passed_over: 1,
        last_sequence: 8,
        ..Contents::default()
    };
    assert_eq!(contents, expected);
    assert_eq!(fs::read_to_string(path).expect("still there"), line);
}

#[test]
fn a_body_that_was_altered_is_found_when_it_is_read() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a\nb"), None)
        .expect("written");
    let path = slot.path().join("00000000000000000001-0000000000.lines");
    let mut file = fs::read(&path).expect("a file");
    *file.last_mut().expect("not empty") ^= 1;
    fs::write(&path, file).expect("written");
    assert_eq!(slot.scan().expect("readable").stored.len(), 1);
    let Err(Unreadable::Damaged(Damage::Body(header))) = slot.read(RequestId::of(1)) else {
        panic!("it is damaged");
    };
    assert_eq!(header.lines, 2);
    assert!(matches!(
        slot.read(RequestId::of(2)),
        Err(Unreadable::Io(_))
    ));
}

#[test]
fn a_failed_write_keeps_the_previous_content() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a"), None)
        .expect("written");
    // Nothing can be written where a directory is.
    fs::create_dir(slot.path().join("00000000000000000001-0000000000.part")).expect("a directory");
    assert!(
        slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("b"), None)
            .is_err()
    );
    assert_eq!(texts(&slot), [(RequestId::of(1), "a".into())]);
}

#[test]
fn a_request_that_was_being_divided_is_there_once() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    let later = |part| RequestId { sequence: 3, part };
    slot.write(RequestId::of(3), UNIX_EPOCH, &Body::of("#a\na\nb\nc"), None)
        .expect("written");
    slot.write(later(2), UNIX_EPOCH, &Body::of("b\nc"), None)
        .expect("written");
    slot.write(RequestId::of(4), UNIX_EPOCH, &Body::of("d"), None)
        .expect("written");
    let whole = [
        (RequestId::of(3), "#a\na\nb\nc".into()),
        (RequestId::of(4), "d".into()),
    ];
    assert_eq!(texts(&slot), whole);
    slot.write(later(2), UNIX_EPOCH, &Body::of("b\nc"), None)
        .expect("written");
    slot.write(RequestId::of(3), UNIX_EPOCH, &Body::of("#a\na"), None)
        .expect("written");
    let parts = [
        (RequestId::of(3), "#a\na".into()),
        (later(2), "b\nc".into()),
        (RequestId::of(4), "d".into()),
    ];
    assert_eq!(texts(&slot), parts);
}

#[test]
fn without_its_lock_file_a_slot_is_still_locked() {
    let directory = TempDir::new().expect("a directory");
    let mut first = slot(&directory);
    assert!(first.is_in_place());
    fs::remove_file(first.path().join("lock")).expect("removed");
    assert!(!first.is_in_place());
    assert!(
        claim(&directory, "slot").is_none(),
        "its directory is locked"
    );
    let standing = first.restore_standing().expect("made again");
    assert_eq!(standing, Standing::Held);
    assert!(first.is_in_place());
}

#[test]
fn a_lock_file_that_another_process_holds_is_left_to_it() {
    let directory = TempDir::new().expect("a directory");
    let mut first = slot(&directory);
    fs::remove_file(first.path().join("lock")).expect("removed");
    let spool = DirectoryHandle::open(directory.path()).expect("safe");
    // A host that shares the file system may not see the lock of the directory.
    let elsewhere = spool.subdirectory("slot").expect("opened").expect("there");
    let lock = elsewhere.lock_file("lock").expect("opened");
    assert!(lock.is_some());
    let mut standing = || first.restore_standing().expect("looked at");
    assert_eq!(standing(), Standing::Lost);
    drop(lock);
    assert_eq!(standing(), Standing::Held);
}

#[test]
fn a_slot_that_was_removed_or_renamed_is_not_in_place() {
    let directory = TempDir::new().expect("a directory");
    let mut first = slot(&directory);
    let moved = directory.path().join("moved");
    fs::rename(first.path(), &moved).expect("renamed");
    let standing = |slot: &mut Slot| slot.restore_standing().expect("looked at");
    assert_eq!(standing(&mut first), Standing::Moved);
    assert!(claim(&directory, "moved").is_none(), "it is still locked");
    let mut second = slot(&directory);
    assert!(second.is_in_place() && !first.is_in_place());
    fs::remove_dir_all(second.path()).expect("removed");
    assert_eq!(standing(&mut second), Standing::Moved);
    assert!(
        second
            .write(RequestId::of(1), UNIX_EPOCH, &Body::of("a"), None)
            .is_err()
    );
    assert!(second.remove(RequestId::of(1)).is_ok());
}

#[cfg(unix)]
#[test]
fn other_users_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a"), None)
        .expect("written");
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o7777;
    assert_eq!(mode(slot.path()), 0o700);
    for name in names(slot.path()) {
        assert_eq!(mode(&slot.path().join(&name)), 0o600, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn directories_that_others_can_write_to_are_left_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = TempDir::new().expect("a directory");
    let open = directory.path().join("open");
    fs::create_dir(&open).expect("a directory");
    let set_mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    };
    set_mode(&open, 0o777);
    drop(claim(&directory, "private").expect("a slot"));
    symlink("private", directory.path().join("link")).expect("a link");
    for name in ["open", "link"] {
        assert!(claim(&directory, name).is_none(), "{name}");
    }
    assert!(names(&open).is_empty());

    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a\nb"), None)
        .expect("written");
    let path = slot.path().to_owned();
    drop(slot);
    let spool = DirectoryHandle::open(directory.path()).expect("safe");
    let recipient = Recipient::of_test(Format::Lines);
    for mode in [0o777, 0o770, 0o702, 0o1720] {
        set_mode(&path, mode);
        let before = names(&path);
        let Claim::Left(left) = Slot::claim(&spool, "slot", &recipient).expect("opened") else {
            panic!("others can write to it");
        };
        assert_eq!((left.requests, left.points), (1, 2));
        let text = left.to_string();
        assert!(text.contains(&format!("(mode {mode:o})")), "{text}");
        assert_eq!(names(&path), before);
    }
    // Nobody else can have written to it, and from now on nobody can look into it.
    set_mode(&path, 0o755);
    assert_eq!(texts(&claim(&directory, "slot").expect("free")).len(), 1);
    let mode = path.metadata().expect("there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);
}

/// A file with these words in its header and a correct checksum.
fn crafted(words: &str, body: &str) -> Vec<u8> {
    let text = format!(
        "dt-metrics-spool 1 {words} {:08x} - ",
        crc32fast::hash(body.as_bytes())
    );
    let checksum = crc32fast::hash(text.as_bytes());
    format!("{text}{checksum:08x}\n{body}").into_bytes()
}

#[test]
fn a_file_cannot_have_more_lines_than_its_bytes_allow() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    let whole = crafted("0 2 0 3", "a\nb");
    assert!(record_of(&slot, &whole).is_ok());
    for words in [
        "0 18446744073709551615 0 3",
        "0 18446744073709551615 1 3",
        "0 9223372036854775808 9223372036854775808 3",
        "0 1 18446744073709551615 3",
        "0 0 2 3",
        "0 0 0 3",
        "0 3 0 3",
        "0 2 1 3",
    ] {
        let absurd = record_of(&slot, &crafted(words, "a\nb"));
        assert!(matches!(absurd, Err(Unreadable::Damaged(_))), "{words}");
        let contents = slot.scan().expect("readable");
        assert_eq!(
            (contents.damaged, contents.damaged_points),
            (1, 2),
            "{words}"
        );
        assert!(contents.stored.is_empty());
    }
    // Possible, but not true: found when it is read.
    for words in ["0 1 0 3", "0 1 1 3"] {
        let wrong = record_of(&slot, &crafted(words, "a\nb"));
        assert!(
            matches!(wrong, Err(Unreadable::Damaged(Damage::Body(_)))),
            "{words}"
        );
    }
}

/// Reads a file of these bytes.
fn record_of(slot: &Slot, bytes: &[u8]) -> Result<Body, Unreadable> {
    let path = slot.path().join("00000000000000000001-0000000000.lines");
    fs::write(path, bytes).expect("written");
    slot.read(RequestId::of(1))
}

#[test]
fn the_data_points_after_a_damaged_first_line_are_counted() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(
        RequestId::of(1),
        UNIX_EPOCH,
        &Body::of("#m gauge dt.meta.unit=x\na\nb\nc"),
        None,
    )
    .expect("written");
    let path = slot.path().join("00000000000000000001-0000000000.lines");
    let mut bytes = fs::read(&path).expect("a file");
    bytes[20] ^= 1;
    fs::write(&path, &bytes).expect("written");
    let contents = slot.scan().expect("readable");
    assert_eq!((contents.damaged, contents.damaged_points), (1, 3));
    let aside = slot.path().join("00000000000000000001-0000000000.damaged");
    assert_eq!(fs::read(aside).expect("kept"), bytes);
    assert_eq!(
        slot.scan().expect("readable").damaged,
        0,
        "it is counted once"
    );
}

#[test]
fn a_file_that_is_far_too_long_is_damaged_and_never_read() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    let path = slot.path().join("00000000000000000001-0000000000.lines");
    let start = crafted("0 1 0 4611686018427387904", "");
    fs::write(&path, &start).expect("written");
    let file = fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("a file");
    // It takes no room on disk.
    let length = start.len() as u64 + (1 << 40);
    file.set_len(length).expect("extended");
    let contents = slot.scan().expect("readable");
    assert_eq!((contents.damaged, contents.damaged_points), (1, 1));
    assert_eq!(slot.tidy_damaged(1_000_000).expect("tidied"), 0);
    assert_eq!(names(slot.path()), ["lock"]);
}

#[test]
fn the_newest_damaged_files_stay_within_their_bytes_for_a_week() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    let now = std::time::SystemTime::now();
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    for (sequence, days) in [(1, 1), (2, 8), (3, 2), (4, 3)] {
        let path = slot
            .path()
            .join(format!("{sequence:020}-0000000000.damaged"));
        fs::write(&path, [0; 100]).expect("written");
        let file = fs::File::options().write(true).open(path).expect("a file");
        file.set_modified(now - day * days).expect("set");
    }
    assert_eq!(slot.tidy_damaged(250).expect("tidied"), 200);
    assert_eq!(
        names(slot.path()),
        [
            "00000000000000000001-0000000000.damaged",
            "00000000000000000003-0000000000.damaged",
            "lock"
        ]
    );
}

#[test]
fn a_slot_with_requests_for_another_recipient_is_left_as_it_is() {
    let directory = TempDir::new().expect("a directory");
    let spool = DirectoryHandle::open(directory.path()).expect("safe");
    let recipient = |host: &str| {
        let url = format!("https://{host}.example/ingest?api-token=SECRET");
        Recipient::new(Format::Lines, &Endpoint::parse(&url).expect("a URL"))
    };
    let claim = |host: &str| Slot::claim(&spool, "slot", &recipient(host)).expect("a directory");
    let Claim::Taken(staging) = claim("staging") else {
        panic!("it is empty");
    };
    staging
        .write(RequestId::of(1), UNIX_EPOCH, &Body::of("a\nb"), None)
        .expect("written");
    drop(staging);
    fs::write(
        directory
            .path()
            .join("slot/00000000000000000002-0000000000.lines"),
        "?",
    )
    .expect("written");
    let before = names(&directory.path().join("slot"));
    let Claim::Left(left) = claim("production") else {
        panic!("it is for another endpoint");
    };
    assert_eq!((left.requests, left.points), (2, 3));
    let staging = LeftReason::Recipient("lines https://staging.example/ingest".into());
    assert_eq!(left.reason, staging);
    assert_eq!(names(&directory.path().join("slot")), before);

    // The recipient of its requests is unknown.
    let note = directory.path().join("slot/recipient");
    assert!(!fs::read_to_string(&note).expect("there").contains("SECRET"));
    fs::remove_file(&note).expect("removed");
    let Claim::Left(left) = claim("staging") else {
        panic!("it may be for another endpoint");
    };
    assert_eq!(left.reason, LeftReason::NoRecipient);
    fs::write(&note, "lines https://staging.example/ingest\n").expect("written");
    let Claim::Taken(mut slot) = claim("staging") else {
        panic!("it is for this endpoint");
    };
    slot.readdress(recipient("moved")).expect("readdressed");
    fs::remove_file(&note).expect("removed");
    slot.restore_standing().expect("written again");
    drop(slot);
    assert!(matches!(claim("moved"), Claim::Taken(_)));
    for sequence in 1..=2 {
        let name = format!("slot/{sequence:020}-0000000000.lines");
        fs::remove_file(directory.path().join(name)).expect("removed");
    }
    assert!(
        matches!(claim("production"), Claim::Taken(_)),
        "it is empty"
    );
}

#[test]
fn a_recipient_with_a_long_url_finds_its_requests() {
    for length in [250, 290, 300, 310, 5_000] {
        let directory = TempDir::new().expect("a directory");
        let spool = DirectoryHandle::open(directory.path()).expect("safe");
        let recipient = |end: char| {
            let url = format!("https://gateway.example/{}{end}", "x".repeat(length));
            Recipient::new(Format::Lines, &Endpoint::parse(&url).expect("a URL"))
        };
        let claim = |end| Slot::claim(&spool, "slot", &recipient(end)).expect("a directory");
        let Claim::Taken(slot) = claim('a') else {
            panic!("it is empty");
        };
        slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a\nb"), None)
            .expect("written");
        drop(slot);
        let Claim::Left(left) = claim('b') else {
            panic!("it is for another endpoint");
        };
        let text = left.to_string();
        assert!(text.len() <= 500, "{text}");
        assert!(matches!(claim('a'), Claim::Taken(_)), "{length}");
    }
}
