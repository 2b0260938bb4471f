use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use tempfile::TempDir;

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::dynatrace::spool::record::Damage;
use crate::dynatrace::spool::slot::{Contents, Slot, Unreadable};

fn claim(directory: &TempDir, name: &str) -> Option<Slot> {
    let spool = DirectoryHandle::open(directory.path()).expect("safe");
    Slot::claim(&spool, name, Format::Lines).expect("a directory")
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
fn what_is_written_is_found_in_order_by_the_next_one() {
    let directory = TempDir::new().expect("a directory");
    let first = slot(&directory);
    for (sequence, text) in [(10, "c"), (2, "a\n#b\nb"), (9, "x")] {
        first
            .write(RequestId::of(sequence), UNIX_EPOCH, &Body::of(text))
            .expect("written");
    }
    first
        .write(RequestId::of(9), UNIX_EPOCH, &Body::of("b"))
        .expect("replaced");
    first
        .write(RequestId::of(1), UNIX_EPOCH, &Body::of("gone"))
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
            "lock"
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
fn what_is_torn_is_removed_and_counted_and_the_rest_stays() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a\nb"))
        .expect("written");
    slot.write(RequestId::of(2), UNIX_EPOCH, &Body::of("c"))
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
    assert_eq!((contents.damaged, contents.damaged_lines), (4, 2));
    assert_eq!(contents.last_sequence, 11);
    assert_eq!(
        names(slot.path()),
        [
            "+0000000000000000009.lines",
            "00000000000000000001-0000000000.lines",
            "00000000000000000002-0000000000.lines",
            "00000000000000000011-0000000000.lines",
            "7-0.lines",
            "99999999999999999999-0000000000.lines",
            "lock",
            "notes.txt",
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
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a\nb"))
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
fn a_write_that_fails_leaves_what_was_there() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a"))
        .expect("written");
    // Nothing can be written where a directory is.
    fs::create_dir(slot.path().join("00000000000000000001-0000000000.part")).expect("a directory");
    assert!(
        slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("b"))
            .is_err()
    );
    assert_eq!(texts(&slot), [(RequestId::of(1), "a".into())]);
}

#[test]
fn a_request_that_was_being_divided_is_there_once() {
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    let later = |part| RequestId { sequence: 3, part };
    slot.write(RequestId::of(3), UNIX_EPOCH, &Body::of("#a\na\nb\nc"))
        .expect("written");
    slot.write(later(2), UNIX_EPOCH, &Body::of("b\nc"))
        .expect("written");
    slot.write(RequestId::of(4), UNIX_EPOCH, &Body::of("d"))
        .expect("written");
    let whole = [
        (RequestId::of(3), "#a\na\nb\nc".into()),
        (RequestId::of(4), "d".into()),
    ];
    assert_eq!(texts(&slot), whole);
    slot.write(later(2), UNIX_EPOCH, &Body::of("b\nc"))
        .expect("written");
    slot.write(RequestId::of(3), UNIX_EPOCH, &Body::of("#a\na"))
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
    assert!(first.relock().expect("made again"));
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
    assert!(!first.relock().expect("looked at"));
    drop(lock);
    assert!(first.relock().expect("locked"));
}

#[test]
fn a_slot_that_was_removed_or_renamed_is_not_in_place() {
    let directory = TempDir::new().expect("a directory");
    let mut first = slot(&directory);
    let moved = directory.path().join("moved");
    fs::rename(first.path(), &moved).expect("renamed");
    assert!(!first.is_in_place() && !first.relock().expect("looked at"));
    assert!(claim(&directory, "moved").is_none(), "it is still locked");
    let mut second = slot(&directory);
    assert!(second.is_in_place() && !first.is_in_place());
    fs::remove_dir_all(second.path()).expect("removed");
    assert!(!second.is_in_place() && !second.relock().expect("looked at"));
    assert!(
        second
            .write(RequestId::of(1), UNIX_EPOCH, &Body::of("a"))
            .is_err()
    );
    assert!(second.remove(RequestId::of(1)).is_ok());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_look_into_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().expect("a directory");
    let slot = slot(&directory);
    slot.write(RequestId::of(1), UNIX_EPOCH, &Body::of("a"))
        .expect("written");
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o7777;
    assert_eq!(mode(slot.path()), 0o700);
    for name in names(slot.path()) {
        assert_eq!(mode(&slot.path().join(&name)), 0o600, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_others_may_enter_is_left_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = TempDir::new().expect("a directory");
    let open = directory.path().join("open");
    fs::create_dir(&open).expect("a directory");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("changed");
    drop(claim(&directory, "private").expect("a slot"));
    symlink("private", directory.path().join("link")).expect("a link");
    for name in ["open", "link"] {
        assert!(claim(&directory, name).is_none(), "{name}");
    }
    assert!(names(&open).is_empty());
}
