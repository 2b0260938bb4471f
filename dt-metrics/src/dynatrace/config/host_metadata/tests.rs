use std::fs;
use std::path::PathBuf;

use crate::dynatrace::config::host_metadata::MetadataFiles;
use crate::dynatrace::config::host_metadata::{process_instance, random_uuid};
use crate::properties::MAX_BYTES;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder for temporary files"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("just made");
        path
    }

    fn files(&self) -> MetadataFiles {
        MetadataFiles::at(self.path("indirection"), self.path("fixed"))
    }

    fn read(&self) -> Vec<(String, String)> {
        self.files().read()
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.into(), value.into())
}

#[test]
fn no_file_is_no_dimension() {
    assert_eq!(Folder::new().read(), []);
}

#[test]
fn the_file_that_the_indirection_names_goes_before_the_fixed_one() {
    let folder = Folder::new();
    folder.file("fixed", "dt.entity.host=HOST-FIXED\n");
    assert_eq!(folder.read(), [pair("dt.entity.host", "HOST-FIXED")]);

    let named = folder.file("named", "dt.entity.host=HOST-NAMED\n");
    folder.file(
        "indirection",
        format!("  {}  \nnot this\n", named.display()),
    );
    assert_eq!(folder.read(), [pair("dt.entity.host", "HOST-NAMED")]);

    for nowhere in ["", "\n", "/does/not/exist\n", "\0\n"] {
        folder.file("indirection", nowhere);
        let expected = [pair("dt.entity.host", "HOST-FIXED")];
        assert_eq!(folder.read(), expected, "{nowhere:?}");
    }
}

#[test]
fn entries_without_key_or_value_are_skipped() {
    let folder = Folder::new();
    let text = "a=1\n=2\nb=\n c = 3 \nbroken\nd=\\uzz\n# e=4\nf=5\n";
    folder.file("fixed", text);
    assert_eq!(
        folder.read(),
        [pair("a", "1"), pair("c", "3"), pair("f", "5")]
    );
}

#[test]
fn other_bytes_cost_their_line_and_too_many_the_file() {
    let folder = Folder::new();
    folder.file("fixed", b"a=1\nb=\xff\xfe\nc=3\n");
    assert_eq!(folder.read(), [pair("a", "1"), pair("c", "3")]);

    let room = MAX_BYTES;
    folder.file("fixed", format!("a={}", "x".repeat(room - 2)));
    assert_eq!(folder.read().len(), 1);
    folder.file("fixed", format!("a={}", "x".repeat(room - 1)));
    assert_eq!(folder.read(), []);
    folder.file("fixed", "a=1");
    let path = folder.path("fixed");
    fs::remove_file(&path).expect("there");
    fs::create_dir(&path).expect("free");
    assert_eq!(folder.read(), []);
}

#[cfg(unix)]
#[test]
fn a_file_that_never_answers_is_not_waited_for() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path("fixed"))
        .status();
    if made.is_ok_and(|status| status.success()) {
        assert_eq!(folder.read(), []);
    }
}

#[test]
fn an_id_stays_and_is_like_no_other() {
    assert_eq!(process_instance(), process_instance());
    let (a, b) = (random_uuid(), random_uuid());
    assert_ne!(a, b);
    let shape: String = a
        .chars()
        .map(|c| if c.is_ascii_hexdigit() { 'x' } else { c })
        .collect();
    assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert_eq!(&a[14..15], "4", "{a}");
    assert!("89ab".contains(&a[19..20]), "{a}");
}
