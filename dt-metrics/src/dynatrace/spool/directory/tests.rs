use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use tempfile::TempDir;

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::RequestId;
use crate::dynatrace::spool::directory::{Contents, Directory, OpenError, SpoolError};
use crate::dynatrace::spool::recipient::Recipient;
use crate::dynatrace::spool::slot::Standing;

fn recipient() -> Recipient {
    Recipient::of_test(Format::Lines)
}

fn open(directory: &TempDir) -> (Directory, Contents) {
    Directory::open(&directory.path().join("a/b"), recipient(), |_, _| ()).expect("a spool")
}

fn texts(directory: &Directory, contents: &Contents) -> Vec<String> {
    contents
        .stored
        .iter()
        .map(|stored| {
            directory
                .slot
                .read(stored.id)
                .expect("whole")
                .text()
                .to_string()
        })
        .collect()
}

fn write(directory: &Directory, sequence: u64, text: &str) {
    directory
        .slot
        .write(RequestId::of(sequence), UNIX_EPOCH, &Body::of(text), None)
        .expect("written");
}

fn numbers(mut next: u64) -> impl FnMut() -> u64 {
    move || {
        next += 1;
        next - 1
    }
}

#[test]
fn each_process_has_its_own_slot_and_finds_abandoned_requests() {
    let directory = TempDir::new().expect("a directory");
    let (first, contents) = open(&directory);
    assert_eq!(contents, Contents::default());
    let (second, _) = open(&directory);
    write(&first, 1, "a");
    write(&second, 1, "b");
    drop(first);
    let (third, contents) = open(&directory);
    assert_eq!(texts(&third, &contents), ["a"]);
    assert_eq!(
        texts(&second, &second.slot.scan().expect("readable")),
        ["b"]
    );
}

#[test]
fn slots_of_dead_processes_are_taken_over_but_not_of_living_ones() {
    let directory = TempDir::new().expect("a directory");
    let processes = [(); 4].map(|()| open(&directory).0);
    for (index, process) in processes.iter().enumerate() {
        write(process, 5, &format!("{index} first"));
        write(process, 6, &format!("{index} second"));
    }
    let [first, second, third, fourth] = processes;
    drop((second, fourth));
    let mut number = numbers(7);
    let adopted = first.adopt(1_000, 1_000, &mut number, |_, _| ());
    let expected = ["1 first", "1 second", "3 first", "3 second"];
    assert_eq!(texts(&first, &adopted), expected);
    let again = first.adopt(1_000, 1_000, &mut number, |_, _| ());
    assert_eq!(again, Contents::default());
    assert_eq!(third.slot.scan().expect("readable").stored.len(), 2);
}

#[test]
fn no_more_is_taken_over_than_there_is_room_for() {
    let directory = TempDir::new().expect("a directory");
    let (first, second) = (open(&directory).0, open(&directory).0);
    for sequence in 1..=3 {
        write(&second, sequence, "abc");
    }
    drop(second);
    let adopted = first.adopt(7, 1_000, numbers(9), |_, _| ());
    assert_eq!(
        adopted.stored.len(),
        1 + usize::from(adopted.stored.len() > 1)
    );
    let (second, left) = open(&directory);
    assert_eq!(texts(&second, &left), ["abc"]);
}

#[test]
fn marks_of_sent_requests_survive_every_takeover() {
    let directory = TempDir::new().expect("a directory");
    let (first, second) = (open(&directory).0, open(&directory).0);
    for sequence in 1..=3 {
        write(&second, sequence, "abc");
    }
    second.slot.mark(Some(RequestId::of(2))).expect("marked");
    drop(second);
    let (second, found) = open(&directory);
    assert_eq!(found.sending, [RequestId::of(2)]);
    drop(second);
    let adopted = first.adopt(1_000, 1_000, numbers(7), |_, _| ());
    assert_eq!(adopted.sending, [RequestId::of(8)]);
    let (second, found) = open(&directory);
    assert!(found.sending.is_empty());
    // The mark names a request that was already removed.
    second.slot.mark(Some(RequestId::of(2))).expect("marked");
    assert!(second.slot.scan().expect("readable").sending.is_empty());
    write(&second, 2, "abc");
    second.slot.mark(None).expect("removed");
    second.slot.mark(None).expect("removed before");
    assert!(second.slot.scan().expect("readable").sending.is_empty());
}

#[test]
fn one_that_is_gone_is_made_again() {
    let directory = TempDir::new().expect("a directory");
    let (mut first, _) = open(&directory);
    let path = first.slot.path().to_owned();
    for remove in [path.clone(), directory.path().join("a")] {
        fs::remove_dir_all(remove).expect("removed");
        assert!(!first.slot.is_in_place());
        let reopened = first.reopen(Standing::Moved).expect("a slot");
        assert_eq!(reopened, Contents::default());
        assert!(first.slot.is_in_place());
        assert_eq!(first.slot.path(), path);
    }
}

#[test]
fn the_files_of_a_slot_that_was_renamed_follow_its_process() {
    let directory = TempDir::new().expect("a directory");
    let (mut first, _) = open(&directory);
    write(&first, 1, "a");
    write(&first, 2, "b");
    let spool = directory.path().join("a/b");
    // It looks like the slot of another process now.
    fs::rename(first.slot.path(), spool.join("slot-001")).expect("renamed");
    let (second, found) = open(&directory);
    assert_eq!(found, Contents::default());
    assert_eq!(
        second.adopt(1_000, 1_000, numbers(1), |_, _| ()),
        Contents::default()
    );
    let contents = first.reopen(Standing::Moved).expect("a slot");
    assert_eq!(texts(&first, &contents), ["a", "b"]);
    assert_eq!(first.slot.path(), spool.join("slot-002"));
    assert_eq!(
        second.adopt(1_000, 1_000, numbers(1), |_, _| ()),
        Contents::default()
    );
}

#[test]
fn one_that_somebody_else_has_now_is_replaced_by_an_empty_one() {
    let directory = TempDir::new().expect("a directory");
    let [mut first, second] = [(); 2].map(|()| open(&directory).0);
    write(&second, 1, "left");
    drop(second);
    fs::remove_dir_all(first.slot.path()).expect("removed");
    let (_other, _) = open(&directory);
    let reopened = first.reopen(Standing::Moved).expect("a slot");
    assert_eq!(reopened, Contents::default());
    assert_eq!(first.slot.path(), directory.path().join("a/b/slot-002"));
}

#[test]
fn a_path_that_is_not_a_directory_is_reported() {
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join("file");
    fs::write(&file, "x").expect("written");
    for path in [PathBuf::new(), file.clone()] {
        let error = Directory::open(&path, recipient(), |_, _| ()).expect_err("no directory");
        assert!(
            matches!(error, OpenError::Unusable(SpoolError::NotADirectory)),
            "{error}"
        );
    }
    let error =
        Directory::open(&file.join("below"), recipient(), |_, _| ()).expect_err("no directory");
    assert!(matches!(error, OpenError::Io(_)), "{error}");
    assert_eq!(fs::read(file).expect("untouched"), b"x");
}

#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &std::path::Path) -> u32 {
        path.metadata().expect("there").permissions().mode() & 0o7777
    }

    #[test]
    fn created_files_are_private() {
        let directory = TempDir::new().expect("a directory");
        let _open = open(&directory);
        for path in ["a", "a/b", "a/b/slot-000"] {
            assert_eq!(mode(&directory.path().join(path)), 0o700, "{path}");
        }
    }

    #[test]
    fn a_directory_that_other_users_can_write_is_refused_and_unchanged() {
        let directory = TempDir::new().expect("a directory");
        for bad in [0o777, 0o775, 0o722, 0o1777, 0o702] {
            let permissions = fs::Permissions::from_mode(bad);
            fs::set_permissions(directory.path(), permissions).expect("changed");
            let error =
                Directory::open(directory.path(), recipient(), |_, _| ()).expect_err("refused");
            assert!(
                matches!(error, OpenError::Unusable(SpoolError::Writable { mode, .. }) if mode == bad),
                "{error}"
            );
            assert_eq!(mode(directory.path()), bad);
            assert_eq!(directory.path().read_dir().expect("readable").count(), 0);
        }
        let permissions = fs::Permissions::from_mode(0o755);
        fs::set_permissions(directory.path(), permissions).expect("changed");
        Directory::open(directory.path(), recipient(), |_, _| ()).expect("others may look");
    }

    #[test]
    fn a_slot_of_somebody_else_is_left_alone() {
        let directory = TempDir::new().expect("a directory");
        let foreign = directory.path().join("a/b/slot-000");
        drop(open(&directory));
        fs::set_permissions(&foreign, fs::Permissions::from_mode(0o770)).expect("changed");
        let (ours, _) = open(&directory);
        assert_eq!(ours.slot.path(), directory.path().join("a/b/slot-001"));
        ours.adopt(1_000, 1_000, || 1, |_, _| ());
    }
}

/// The new cells would take the place of cells whose counts nobody has delivered.
#[test]
fn a_slot_with_cells_of_another_process_is_not_taken_in_place_of_a_lost_one() {
    let directory = TempDir::new().expect("a directory");
    let (mut first, _) = open(&directory);
    let slot = first.slot.path().to_owned();
    fs::rename(&slot, slot.with_file_name("elsewhere")).expect("renamed");
    let (other, _) = open(&directory);
    assert_eq!(other.slot.path(), slot);
    write(&other, 1, "names the recipient");
    other.slot.remove(RequestId::of(1)).expect("removed");
    drop(other);
    fs::write(slot.join("cells"), "counts").expect("written");
    first.reopen(Standing::Moved).expect("another slot");
    assert_ne!(first.slot.path(), slot);
    assert!(slot.join("cells").exists());
}
