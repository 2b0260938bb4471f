//! Lines in bodies within the limits of a request.

use proptest::prelude::*;

use crate::line::{Batcher, Lines, NotAdded, Rejected};

fn add(batcher: &mut Batcher, line: &str) -> Result<(), NotAdded> {
    batcher.push(|out| {
        out.push_str(line);
        Ok(())
    })
}

fn texts(batcher: &mut Batcher) -> Vec<String> {
    batcher.finish().into_iter().map(|body| body.text).collect()
}

#[test]
fn nothing_makes_no_request() {
    let mut batcher = Batcher::new(10, 100);
    assert_eq!(batcher.finish(), []);
    let refused = batcher.push(|out| {
        out.push_str("half");
        Err(Rejected::NotFinite)
    });
    assert_eq!(refused, Err(NotAdded::Rejected(Rejected::NotFinite)));
    assert_eq!(batcher.push(|_| Ok(())), Ok(()));
    assert_eq!(batcher.finish(), []);
}

#[test]
fn metadata_stays_with_its_line() {
    let mut batcher = Batcher::new(3, 12);
    let mut add_after = |head: &str, line: &str| {
        batcher.push_described(head, |out| {
            out.push_str(line);
            Ok(())
        })
    };
    assert_eq!(add_after("#a", "a"), Ok(true));
    assert_eq!(add_after("#b", "b"), Ok(true));
    assert_eq!(add_after("#cc", "cccccc"), Ok(true));
    assert_eq!(add_after("#d", &"d".repeat(10)), Ok(false));
    assert_eq!(add_after("#e", &"e".repeat(13)), Err(NotAdded::TooLong));
    let bodies = batcher.finish();
    let seen: Vec<_> = bodies
        .iter()
        .map(|body| (&*body.text, body.points, body.metadata))
        .collect();
    assert_eq!(
        seen,
        [
            ("#a\na", 1, 1),
            ("#b\nb", 1, 1),
            ("#cc\ncccccc", 1, 1),
            ("dddddddddd", 1, 0),
        ]
    );
}

#[test]
fn splits_by_lines() {
    let mut batcher = Batcher::new(2, 100);
    for line in ["a", "b", "c", "d", "e"] {
        add(&mut batcher, line).expect("fits");
    }
    assert_eq!(texts(&mut batcher), ["a\nb", "c\nd", "e"]);
    assert_eq!(batcher.finish(), []);
}

#[test]
fn splits_by_bytes() {
    let mut batcher = Batcher::new(10, 5);
    for line in ["aa", "bb", "cc", "ddddd", "e"] {
        add(&mut batcher, line).expect("fits");
    }
    assert_eq!(texts(&mut batcher), ["aa\nbb", "cc", "ddddd", "e"]);
}

#[test]
fn a_line_too_long_leaves_its_neighbours_alone() {
    let mut batcher = Batcher::new(10, 5);
    assert_eq!(add(&mut batcher, "a"), Ok(()));
    assert_eq!(add(&mut batcher, "bbbbbb"), Err(NotAdded::TooLong));
    assert_eq!(add(&mut batcher, "c"), Ok(()));
    assert_eq!(texts(&mut batcher), ["a\nc"]);
}

proptest! {
    #[test]
    fn every_line_is_in_one_body_or_refused(
        lines in prop::collection::vec(("[a-zäß]{1,12}", prop::option::of("#[a-z]{1,9}")), 0..60),
        max_lines in 1_usize..8,
        max_bytes in 1_usize..40,
    ) {
        let mut batcher = Batcher::new(max_lines, max_bytes);
        let mut expected = Vec::new();
        for (line, head) in &lines {
            let written = match head {
                None => add(&mut batcher, line).map(|()| false),
                Some(head) => batcher.push_described(head, |out| {
                    out.push_str(line);
                    Ok(())
                }),
            };
            prop_assert_eq!(written.is_ok(), line.len() <= max_bytes);
            if written == Ok(true) {
                expected.extend(head.clone());
            }
            if written.is_ok() {
                expected.push(line.clone());
            }
        }
        let bodies = batcher.finish();
        for body in &bodies {
            prop_assert!(!body.text.is_empty() && body.text.len() <= max_bytes);
            prop_assert!(body.points + body.metadata <= max_lines as u64);
            prop_assert_eq!(body, &Lines::of(&body.text));
            prop_assert!(body.text.split('\n').next_back().is_some_and(|last| !last.starts_with('#')));
        }
        let sent: Vec<_> = bodies.iter().flat_map(|body| body.text.split('\n')).collect();
        prop_assert_eq!(sent, expected);
    }
}
