use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use crate::dynatrace::config::protocol::Format;
use crate::dynatrace::encode::body::Body;
use crate::dynatrace::request::SnapshotId;
use crate::dynatrace::spool::record::{Damage, Header, MAX_BODY, MAX_HEADER};

const TEXT: &str = "#a count dt.meta.unit=1\na,k=ü count,delta=1 1763820000000\nb gauge,2";

fn parse(file: Vec<u8>) -> Result<(Header, Body), Damage> {
    crate::dynatrace::spool::record::parse(file, Format::Lines)
}

fn header(time_ms: u64, body: &Body) -> Header {
    Header::of(UNIX_EPOCH + Duration::from_millis(time_ms), body, None)
}

fn file(time_ms: u64, body: &Body) -> Vec<u8> {
    let mut file = header(time_ms, body).to_line().into_bytes();
    file.extend_from_slice(body.bytes());
    file
}

/// A first line whose own checksum is right.
fn sealed(said: &str) -> Vec<u8> {
    format!("{said}{:08x}\n", crc32fast::hash(said.as_bytes())).into_bytes()
}

#[test]
fn the_format_is_this_one() {
    let expected = "dt-metrics-spool 1 1763820000000 2 1 68 a04936a7 - 56f6a4dd\n";
    let mut header = header(1_763_820_000_000, &Body::of(TEXT));
    assert_eq!(header.to_line(), expected);
    let (file, number) = (0xbeef, 7);
    header.snapshot = Some(SnapshotId {
        file,
        number,
        requests: None,
    });
    let expected = "dt-metrics-spool 1 1763820000000 2 1 68 a04936a7 000000000000beef:7 d5afcfff\n";
    assert_eq!(header.to_line(), expected);
    header.snapshot = header.snapshot.map(|snapshot| SnapshotId {
        requests: Some(3),
        ..snapshot
    });
    let line = header.to_line();
    assert!(line.contains(" 000000000000beef:7:3 "), "{line}");
    assert_eq!(Header::parse(line.as_bytes()), Ok((header, line.len())));
}

#[test]
fn the_longest_header_fits() {
    let longest = Header {
        time_ms: u64::MAX,
        lines: MAX_BODY / 2,
        metadata: 0,
        bytes: MAX_BODY,
        checksum: u32::MAX,
        snapshot: Some(SnapshotId {
            file: u64::MAX,
            number: u64::MAX,
            requests: Some(u64::MAX),
        }),
    };
    let line = longest.to_line();
    assert!(line.len() <= MAX_HEADER);
    assert_eq!(Header::parse(line.as_bytes()), Ok((longest, line.len())));
    // Works for every time that the clock of this platform can represent.
    let _ = longest.collected();
}

#[test]
fn a_file_cut_anywhere_is_damaged_and_its_lines_are_counted_if_possible() {
    let whole = file(7, &Body::of(TEXT));
    let header = header(7, &Body::of(TEXT));
    let start = header.to_line().len();
    assert_eq!(parse(whole.clone()), Ok((header, Body::of(TEXT))));
    for length in 0..whole.len() {
        let expected = if length < start {
            Damage::Header
        } else {
            Damage::Body(header)
        };
        assert_eq!(parse(whole[..length].to_vec()), Err(expected), "{length}");
    }
    let mut longer = whole;
    longer.push(b'x');
    assert_eq!(parse(longer), Err(Damage::Body(header)));
}

#[test]
fn every_flipped_bit_is_seen() {
    let whole = file(7, &Body::of(TEXT));
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let damage = parse(flipped).expect_err("damaged");
        let is_version = (17..19).contains(&(bit / 8));
        assert!(is_version || !matches!(damage, Damage::Newer(_)), "{bit}");
    }
}

#[test]
fn damaged_records_are_distinguished_from_newer_ones() {
    let cases: [(Vec<u8>, Damage); 9] = [
        (b"".into(), Damage::Header),
        (b"\n".into(), Damage::Header),
        (vec![0; 4_096], Damage::Header),
        (vec![b'a'; 100_000], Damage::Header),
        (sealed("another-format 2 "), Damage::Header),
        (sealed("dt-metrics-spool one "), Damage::Header),
        (sealed("dt-metrics-spool 0 1 1 1 1 0 "), Damage::Header),
        (
            sealed("dt-metrics-spool 2 whatever comes then "),
            Damage::Newer(2),
        ),
        (
            b"dt-metrics-spool 17 with a checksum elsewhere\n".into(),
            Damage::Newer(17),
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(parse(file.clone()), Err(expected), "{file:?}");
    }
}

proptest! {
    #[test]
    fn written_records_are_read_back(
        lines in prop::collection::vec("#?[a-zü ,=]{1,20}", 1..40),
        time_ms in 0..=u64::MAX / 1_000_000,
    ) {
        let body = Body::of(&lines.join("\n"));
        prop_assume!(body.points > 0);
        let (header, read) = parse(file(time_ms, &body)).expect("whole");
        prop_assert_eq!(header.collected(), UNIX_EPOCH + Duration::from_millis(time_ms));
        prop_assert_eq!(read, body);
    }

    #[test]
    fn bytes_of_any_kind_are_refused(file in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(parse(file).is_err());
    }

    /// Anything at all behind a sound start.
    #[test]
    fn another_body_is_refused(rest in prop::collection::vec(any::<u8>(), 0..400)) {
        let body = Body::of(TEXT);
        let header = header(7, &body);
        prop_assume!(rest != body.bytes());
        let mut file = header.to_line().into_bytes();
        file.extend(rest);
        prop_assert_eq!(parse(file), Err(Damage::Body(header)));
    }
}
