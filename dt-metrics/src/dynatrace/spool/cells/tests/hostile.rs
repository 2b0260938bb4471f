//! Files that are torn, altered, forged, or not the process's own.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::SystemTime;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::file::NAME;
use super::super::header::{Identity, LAYOUT};
use super::super::layout::{Block, Buffer, HEADER, NO_SAMPLE, SAMPLES, Tag, header};
use super::super::recovery::{Damage, Found, Recovered, Unreadable, read, recover};
use super::super::series::Measured;
use super::{
    another_process, counter, described, disown, handle, histogram, labels, new_file, set_word,
    values,
};
use crate::descriptor::Kind;
use crate::instrument::Memory;

/// The first block of the sample array in an image.
const ARRAY: Block = Block(32);

/// The contents of a file with series that were replaced, with two baselines, and with three values, one of
/// which was taken.
fn image() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.assign(6, 0, histogram("values"), &[]);
    let array = file.samples().unwrap();
    assert_eq!(array.id, ARRAY.0);
    for (sample, value) in (1..).zip([0.5, -3.0, 1e300]) {
        array.samples[sample].put(6, value);
    }
    let chunks = [file.chunk(0).unwrap(), file.chunk(0).unwrap()];
    for slot in 0..6 {
        let text = "x".repeat(slot as usize * 200);
        file.assign(slot, 0, counter(&format!("old.{slot}"), &text), &[]);
        chunks[0].add(slot as usize, 3);
        file.assign(slot, 3, counter(&format!("new.{slot}"), &text), &[]);
        chunks[1].add(slot as usize, 4);
    }
    file.snapshot(0, &[1, 2, 3, 4, 5, 6], &[(array.id, 2)]);
    assert!(file.commit(2, SystemTime::now()));
    file.snapshot(0, &[7; 6], &[(array.id, 4)]);
    fs::read(directory.path().join(NAME)).unwrap()
}

fn damage_of(found: Result<Found, Unreadable>) -> Damage {
    match found.unwrap_err() {
        Unreadable::Damaged(damage) => damage,
        Unreadable::Io(error) => panic!("{error}"),
    }
}

/// Recovers from an image, and checks that the result makes sense. The second numbers are counts, or how many
/// values there are.
fn read_image(image: &Vec<u8>) -> Option<Vec<(String, u64)>> {
    let Ok(Found::Counts(recovered)) =
        read(image, image.len() as u64, another_process(), |_, _| None)
    else {
        return None;
    };
    assert_eq!(recovered.labels, labels());
    let series = recovered.series.into_iter().map(|series| {
        let number = match series.measured {
            Measured::Counts(added) => added,
            Measured::Values { values, boundaries } => {
                assert!(values.iter().all(|value| value.is_finite()));
                assert!(boundaries.iter().flatten().is_sorted());
                values.len() as u64
            }
        };
        (series.name, number)
    });
    let series: Vec<_> = series.collect();
    assert!(series.iter().all(|(_, added)| (1..1 << 63).contains(added)));
    Some(series)
}

/// Recovers from an image with some other words.
fn with_words(image: &[u8], words: &[(usize, u64)]) -> Result<Recovered, Damage> {
    let mut image = image.to_vec();
    for (position, word) in words {
        image[position * 8..][..8].copy_from_slice(&word.to_ne_bytes());
    }
    match read(&image, image.len() as u64, another_process(), |_, _| None) {
        Ok(Found::Counts(recovered)) => Ok(*recovered),
        found => Err(damage_of(found)),
    }
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_not_used() {
    let whole = image();
    assert!(read_image(&whole).is_some());
    for length in 0..whole.len() {
        let found = read(&whole, length as u64, another_process(), |_, _| None);
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
    assert!(matches!(
        recover(&handle(&directory), |_, _| None),
        Ok(Found::Counts(_))
    ));
    whole.set_len(64 * 1024).unwrap();
    assert_eq!(
        damage_of(recover(&handle(&directory), |_, _| None)),
        Damage::CutOff
    );
}

#[test]
fn an_altered_byte_of_a_record_or_the_header_is_noticed() {
    let whole = image();
    let intact = read_image(&whole).unwrap();
    assert_eq!(intact.len(), 9, "{intact:?}");
    // Another byte in each word.
    let known = |name: &str| {
        let of_slot = name.strip_prefix("old.").or(name.strip_prefix("new."));
        of_slot.is_some_and(|slot| ["0", "1", "2", "3", "4", "5"].contains(&slot))
            || name == "values"
    };
    for position in (0..26 * 512).chain(32 * 512..33 * 512).step_by(7) {
        let mut altered = whole.clone();
        altered[position] ^= 0x10;
        if let Some(series) = read_image(&altered) {
            // Sums have no checksum.
            for (name, _) in series {
                assert!(known(&name), "{name}");
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
    for block in [Block(90), Block(91)] {
        put(block.tag(), Tag::Baseline(Buffer::B, 9).to_word());
        put(block.word(3), 1);
    }
    let found = read(&forged, forged.len() as u64, another_process(), |_, _| None);
    assert_eq!(damage_of(found), Damage::Block(91));
}

#[test]
fn a_value_counts_once_its_slot_is_stored() {
    let whole = image();
    let sample = ARRAY.sample(4);
    let recovered = with_words(&whole, &[]).unwrap();
    assert_eq!(values(&recovered), [("values", &[-3.0, 1e300][..])]);
    // The thread stores the value first.
    let value = (sample + 1, 2.0_f64.to_bits());
    let recovered = with_words(&whole, &[value]).unwrap();
    assert_eq!(values(&recovered), [("values", &[-3.0, 1e300][..])]);
    let recovered = with_words(&whole, &[value, (sample, 6)]).unwrap();
    assert_eq!(values(&recovered), [("values", &[-3.0, 1e300, 2.0][..])]);
    // Nothing is there after a sample that is not.
    let hole = [(ARRAY.sample(3), NO_SAMPLE), value, (sample, 6)];
    let recovered = with_words(&whole, &hole).unwrap();
    assert_eq!(values(&recovered), [("values", &[-3.0][..])]);
    assert_eq!(recovered.implausible, 0);
}

#[test]
fn an_impossible_position_gives_no_values() {
    let whole = image();
    let [other, committed] = [0, 1].map(|index| ARRAY.word(index));
    for (taken, expected) in [
        (1, 3),
        (2, 2),
        (3, 1),
        (4, 0),
        (5, 0),
        (1_023, 0),
        (1_024, 0),
    ] {
        let recovered = with_words(&whole, &[(committed, taken)]).unwrap();
        let found = values(&recovered).first().map_or(0, |(_, all)| all.len());
        assert_eq!((found, recovered.implausible), (expected, 0), "{taken}");
    }
    for taken in [0, 1_025, 1 << 32, (1 << 32) + 1, u64::MAX] {
        let recovered = with_words(&whole, &[(committed, taken)]).unwrap();
        let found = (values(&recovered).len(), recovered.implausible);
        assert_eq!(found, (0, 1), "{taken}");
        // The other buffer does not matter.
        let recovered = with_words(&whole, &[(other, taken)]).unwrap();
        let found = (values(&recovered).len(), recovered.implausible);
        assert_eq!(found, (1, 0), "{taken}");
    }
}

/// Counters, gauges and unknown slots have no values; of a slot that cannot be, and of a number that is not
/// finite, the loss is counted.
#[test]
fn values_of_other_slots_are_ignored() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.assign(0, 0, histogram("values"), &[]);
    file.assign(1, 0, counter("counts", ""), &[]);
    file.assign(2, 0, described(Kind::Gauge, "gauge", ""), &[]);
    file.assign(3, 0, described(Kind::UpDownCounter, "up_down", ""), &[]);
    let samples = file.samples().unwrap().samples;
    for (sample, slot) in (1..).zip([0, 1, 2, 3, 4, u32::MAX - 1, 0]) {
        samples[sample].put(slot, 2.5);
    }
    for (sample, value) in (8..).zip([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]) {
        samples[sample].put(0, value);
    }
    let whole = fs::read(directory.path().join(NAME)).unwrap();
    let recovered = with_words(&whole, &[]).unwrap();
    assert_eq!(values(&recovered), [("values", &[2.5, 2.5, -0.0][..])]);
    assert_eq!((recovered.series.len(), recovered.implausible), (1, 3));
    for slot in [1 << 32, u64::MAX - 1, 1 << 63] {
        let recovered = with_words(&whole, &[(ARRAY.sample(1), slot)]).unwrap();
        assert_eq!(values(&recovered), [("values", &[2.5, -0.0][..])]);
        assert_eq!(recovered.implausible, 4, "{slot}");
    }
}

#[test]
fn two_series_never_share_values() {
    let directory = tempfile::tempdir().unwrap();
    let file = new_file(&directory);
    file.assign(0, 0, histogram("first"), &[]);
    file.assign(1, 0, histogram("other"), &[]);
    let array = file.samples().unwrap();
    array.samples[1].put(0, 1.0);
    array.samples[2].put(1, 2.0);
    let read = || with_words(&fs::read(directory.path().join(NAME)).unwrap(), &[]).unwrap();
    assert_eq!(values(&read()).len(), 2);
    file.snapshot(0, &[], &[(array.id, 3)]);
    // The slot has another series, but the value is of the first one.
    file.assign(0, 0, histogram("second"), &[]);
    let recovered = read();
    assert_eq!(values(&recovered), [("other", &[2.0][..])]);
    assert_eq!(recovered.implausible, 1);
    array.samples[3].put(0, 3.0);
    assert!(file.commit(2, SystemTime::now()));
    let recovered = read();
    assert_eq!(values(&recovered), [("second", &[3.0][..])]);
    assert_eq!(recovered.implausible, 0);
    // A forged tag.
    let mut forged = fs::read(directory.path().join(NAME)).unwrap();
    let ended = Tag::Ended(0).to_word().to_ne_bytes();
    let mut tags = forged.as_chunks_mut().0.iter_mut();
    let tag = tags.find(|word| **word == ended).unwrap();
    *tag = Tag::Record(0).to_word().to_ne_bytes();
    let recovered = with_words(&forged, &[]).unwrap();
    assert_eq!((values(&recovered).len(), recovered.implausible), (0, 1));
}

#[test]
fn a_sample_array_is_only_in_an_upper_half() {
    let whole = image();
    let samples = Tag::Samples.to_word();
    for block in [2, 20, 31, 33, 63, 65, 95, 97, 127].map(Block) {
        let found = with_words(&whole, &[(block.tag(), samples)]);
        assert_eq!(found.unwrap_err(), Damage::Block(block.0));
    }
    for block in [33, 50, 63].map(Block) {
        for tag in [Tag::Chunk(0), Tag::Record(0), Tag::Ended(0)] {
            let found = with_words(&whole, &[(block.tag(), tag.to_word())]);
            assert_eq!(found.unwrap_err(), Damage::Block(block.0));
        }
    }
    // A second array with contents of all kinds is read to its end.
    let tag = (Block(96).tag(), samples);
    let recovered = with_words(&whole, &[tag, (Block(96).word(1), 5)]).unwrap();
    assert_eq!(values(&recovered).len(), 1);
    let last = Block(96).sample(SAMPLES - 1);
    let words = [tag, (Block(96).word(1), 1_023), (last, 6), (last + 1, 0)];
    let recovered = with_words(&whole, &words).unwrap();
    assert_eq!(values(&recovered), [("values", &[-3.0, 1e300, 0.0][..])]);
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
    let Found::Counts(recovered) = read(&forged, forged.len() as u64, reader, |_, _| None).unwrap()
    else {
        panic!();
    };
    assert_eq!((recovered.series.len(), recovered.implausible), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_contents_do_harm(words in vec((any::<bool>(), 0_usize..64 * 34, word()), 1..12)) {
        let mut forged = image();
        for (is_tag, position, word) in words {
            let position = if is_tag { position % 64 } else { position };
            forged[position * 8..][..8].copy_from_slice(&word.to_ne_bytes());
        }
        read_image(&forged);
    }
}

fn word() -> impl Strategy<Value = u64> {
    let kinds = (0_u64..8, 0_u64..9).prop_map(|(kind, number)| kind << 32 | number);
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
    set_word(&file, HEADER.word(header::VERSION), 0);
    let found = recover(&handle(&directory), |_, _| None);
    assert_eq!(damage_of(found), Damage::Version(0));
    // A newer version can read it.
    set_word(&file, HEADER.word(header::VERSION), LAYOUT + 1);
    let found = recover(&handle(&directory), |_, _| None);
    assert!(matches!(
        found,
        Ok(Found::Newer {
            committed: Some(1),
            ..
        })
    ));
    set_word(&file, HEADER.word(header::COMMITTED), 0);
    let found = recover(&handle(&directory), |_, _| None);
    assert!(matches!(
        found,
        Ok(Found::Newer {
            committed: None,
            ..
        })
    ));
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
    assert_eq!(
        damage_of(recover(&handle(&directory), |_, _| None)),
        Damage::Restarted
    );
}

#[test]
fn a_file_that_others_can_read_or_reach_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    drop(new_file(&directory));
    disown(&directory, another_process());
    for mode in [0o604, 0o640, 0o620] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert_eq!(
            damage_of(recover(&handle(&directory), |_, _| None)),
            Damage::Shared
        );
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(
        recover(&handle(&directory), |_, _| None),
        Ok(Found::Counts(_))
    ));
    fs::hard_link(&path, directory.path().join("other")).unwrap();
    assert_eq!(
        damage_of(recover(&handle(&directory), |_, _| None)),
        Damage::Shared
    );
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
        recover(&handle(&directory), |_, _| None),
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
        recover(&handle(&directory), |_, _| None),
        Err(Unreadable::Io(_))
    ));
    fs::remove_dir(&path).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    assert!(matches!(
        recover(&handle(&directory), |_, _| None),
        Err(Unreadable::Io(_))
    ));
}

#[test]
fn an_empty_or_a_huge_file_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(
        damage_of(recover(&handle(&directory), |_, _| None)),
        Damage::CutOff
    );
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    assert_eq!(
        damage_of(recover(&handle(&directory), |_, _| None)),
        Damage::TooLarge
    );
}
