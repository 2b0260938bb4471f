//! The places that a newcomer is sent to are there.

use super::{read, root};

#[test]
fn where_a_change_goes() {
    let text = read("CONTRIBUTING.md");
    let (_, table) = text
        .split_once("## Where a change goes")
        .expect("the heading");
    let rows: Vec<_> = table
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(rows.len() > 20, "{}", rows.len());
    let mut names = 0;
    for row in rows {
        // A name is below the last full path of its row, or beside a folder on the way to it.
        let mut last = root();
        let places = row.rsplit_once(" | ").expect("two cells").1;
        for name in places.split('`').skip(1).step_by(2) {
            let is_place = name.contains(['/', '.']);
            if !is_place || name.contains([' ', '*']) {
                continue;
            }
            names += 1;
            let full = root().join(name);
            if full.exists() {
                last = full;
            } else {
                let mut folders = last.ancestors().take_while(|it| it.starts_with(root()));
                let beside = folders.any(|folder| folder.join(name).exists());
                assert!(beside, "{name} in: {row}");
            }
        }
    }
    assert!(names > 50, "{names}");
}
