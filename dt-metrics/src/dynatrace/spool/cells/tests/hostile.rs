//! Files that are torn, altered, forged, or not the process's own.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::SystemTime;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::file::NAME;
use super::super::header::Identity;
use super::super::layout::{Block, Buffer, HEADER, Tag, header};
use super::super::recovery::{Damage, Found, Unreadable, read, recover};
use super::{another_process, counter, disown, handle, labels, new_file, set_word};
use crate::instrument::Memory;

/// The contents of a file with series that were replaced, and with two baselines.
fn image() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    let chunks = [file.chunk(0).unwrap(), file.chunk(0).unwrap()];
    for slot in 0..6 {
        let text = "x".repeat(slot as usize * 200);
        file.assign(slot, 0, counter(&format!("old.{slot}"), &text), &[]);
        chunks[0].add(slot as usize, 3);
        file.assign(slot, 3, counter(&format!("new.{slot}"), &text), &[]);
        chunks[1].add(slot as usize, 4);
    }
    file.snapshot(0, &[1, 2, 3, 4, 5, 6], &[]);
    assert!(file.commit(2, SystemTime::now()));
    file.snapshot(0, &[7; 6], &[]);
    fs::read(directory.path().join(NAME)).unwrap()
}

fn damage_of(found: Result<Found, Unreadable>) -> Damage {
    match found.unwrap_err() {
        Unreadable::Damaged(damage) => damage,
        Unreadable::Io(error) => panic!("{error}"),
    }
}

/// Recovers from an image, and checks that the result makes sense.
fn read_image(image: &Vec<u8>) -> Option<Vec<(String, u64)>> {
    let Ok(Found::Counts(recovered)) = read(image, image.len() as u64, another_process()) else {
        return None;
    };
    assert_eq!(recovered.labels, labels());
    let series = recovered.series.into_iter();
    let series: Vec<_> = series.map(|series| (series.name, series.added)).collect();
    assert!(series.iter().all(|(_, added)| (1..1 << 63).contains(added)));
    Some(series)
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_not_used() {
    let whole = image();
    assert!(read_image(&whole).is_some());
    for length in 0..whole.len() {
        let found = read(&whole, length as u64, another_process());
        assert_eq!(damage_of(found), Damage::CutOff, "{length}");
    }
}

#[test]
fn a_file_without_its_last_pieces_is_not_used() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    while file.bytes() == 64 * 1024 {
        file.chunk(0).unwrap();
    }
    disown(&directory, another_process());
    let path = directory.path().join(NAME);
    let whole = File::options().write(true).open(&path).unwrap();
    assert!(matches!(recover(&handle(&directory)), Ok(Found::Counts(_))));
    whole.set_len(64 * 1024).unwrap();
    assert_eq!(damage_of(recover(&handle(&directory))), Damage::CutOff);
}

#[test]
fn an_altered_byte_of_a_record_or_the_header_is_noticed() {
    let whole = image();
    let intact = read_image(&whole).unwrap();
    assert_eq!(intact.len(), 8, "{intact:?}");
    // Another byte in each word.
    for position in (0..26 * 512).step_by(7) {
        let mut altered = whole.clone();
        altered[position] ^= 0x10;
        if let Some(series) = read_image(&altered) {
            // Sums have no checksum.
            for (name, _) in series {
                let number = name.strip_prefix("old.").or(name.strip_prefix("new."));
                assert!(number.is_some_and(|it| ["0", "1", "2", "3", "4", "5"].contains(&it)));
            }
        }
    }
}

#[test]
fn the_same_baseline_twice_is_damage() {
    let mut forged = image();
    let mut put = |position: usize, word: u64| {
        forged[position * 8..][..8].copy_from_slice(&word.to_ne_bytes());
    };
    for block in [Block(60), Block(61)] {
        put(block.tag(), Tag::Baseline(Buffer::B, 9).to_word());
        put(block.word(3), 1);
    }
    let found = read(&forged, forged.len() as u64, another_process());
    assert_eq!(damage_of(found), Damage::Block(61));
}

#[test]
fn two_series_never_share_counts() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.assign(0, 0, counter("a", ""), &[]);
    file.assign(1, 0, counter("b", ""), &[]);
    file.chunk(0).unwrap().add(0, 7);
    file.assign(0, 7, counter("c", ""), &[]);
    drop(file);
    disown(&directory, another_process());
    let path = directory.path().join(NAME);
    let mut forged = fs::read(&path).unwrap();
    let ended = Tag::Ended(0).to_word().to_ne_bytes();
    let mut tags = forged.as_chunks_mut().0.iter_mut();
    let tag = tags.find(|word| **word == ended).unwrap();
    // Both would have the 7.
    *tag = Tag::Record(0).to_word().to_ne_bytes();
    let reader = Identity::current().unwrap();
    let Found::Counts(recovered) = read(&forged, forged.len() as u64, reader).unwrap() else {
        panic!();
    };
    assert_eq!((recovered.series.len(), recovered.implausible), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_contents_do_harm(words in vec((any::<bool>(), 0_usize..64 * 24, word()), 1..12)) {
        let mut forged = image();
        for (is_tag, position, word) in words {
            let position = if is_tag { position % 64 } else { position };
            forged[position * 8..][..8].copy_from_slice(&word.to_ne_bytes());
        }
        read_image(&forged);
    }
}

fn word() -> impl Strategy<Value = u64> {
    let kinds = (0_u64..7, 0_u64..9).prop_map(|(kind, number)| kind << 32 | number);
    prop_oneof![
        kinds,
        any::<u64>(),
        0_u64..70,
        Just(u64::MAX),
        Just(1 << 63)
    ]
}

#[test]
fn another_version_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    drop(new_file(&directory));
    let file = File::options()
        .write(true)
        .open(directory.path().join(NAME))
        .unwrap();
    set_word(&file, HEADER.word(header::VERSION), 2);
    assert_eq!(damage_of(recover(&handle(&directory))), Damage::Version(2));
}

#[test]
fn a_file_from_before_a_restart_of_the_machine_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    drop(new_file(&directory));
    let boot = [1, 2];
    disown(
        &directory,
        Identity {
            boot,
            ..another_process()
        },
    );
    assert_eq!(damage_of(recover(&handle(&directory))), Damage::Restarted);
}

#[test]
fn a_file_that_others_can_read_or_reach_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    drop(new_file(&directory));
    disown(&directory, another_process());
    for mode in [0o604, 0o640, 0o620] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert_eq!(damage_of(recover(&handle(&directory))), Damage::Shared);
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(recover(&handle(&directory)), Ok(Found::Counts(_))));
    fs::hard_link(&path, directory.path().join("other")).unwrap();
    assert_eq!(damage_of(recover(&handle(&directory))), Damage::Shared);
}

#[test]
fn a_link_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let [path, other] = [NAME, "other"].map(|name| directory.path().join(name));
    drop(new_file(&directory));
    disown(&directory, another_process());
    fs::rename(&path, &other).unwrap();
    symlink(&other, &path).unwrap();
    assert!(matches!(
        recover(&handle(&directory)),
        Err(Unreadable::Io(_))
    ));
    // Nor is it written through.
    let before = fs::read(&other).unwrap();
    symlink(&other, directory.path().join("cells.part")).unwrap();
    let file = new_file(&directory);
    file.chunk(0).unwrap().add(0, 1);
    assert!(path.symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read(&other).unwrap(), before);
}

#[test]
fn a_directory_or_a_pipe_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    fs::create_dir(&path).unwrap();
    assert!(matches!(
        recover(&handle(&directory)),
        Err(Unreadable::Io(_))
    ));
    fs::remove_dir(&path).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    assert!(matches!(
        recover(&handle(&directory)),
        Err(Unreadable::Io(_))
    ));
}

#[test]
fn an_empty_or_a_huge_file_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(damage_of(recover(&handle(&directory))), Damage::CutOff);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    assert_eq!(damage_of(recover(&handle(&directory))), Damage::TooLarge);
}
