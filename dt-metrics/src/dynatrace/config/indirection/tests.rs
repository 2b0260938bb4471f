#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::dynatrace::config::indirection::{Refusal, named_file, read_named};

/// A user who is neither root nor the user of the tests.
const OTHER: u32 = 54_321;

struct Folder(tempfile::TempDir);

impl Folder {
    /// A working directory and a root with the file `agent/named`, all as they should be.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder for temporary files"));
        for directory in ["cwd", "root", "root/agent", "elsewhere"] {
            fs::create_dir(folder.path(directory)).expect("free");
            folder.set_mode(directory, 0o755);
        }
        folder.file("root/agent/named", "k8s.pod.name=shop-0");
        folder.file("elsewhere/file", "k8s.pod.name=elsewhere");
        let named = folder.path("root/agent/named").display().to_string();
        folder.file("cwd/indirection", &named);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("the folder is there");
        self.set_mode(name, 0o644);
    }

    fn set_mode(&self, name: &str, mode: u32) {
        let permissions = Permissions::from_mode(mode);
        fs::set_permissions(self.path(name), permissions).expect("there");
    }

    /// Changes the owner of a file or a directory; `false` if only root may do it.
    fn give_away(&self, name: &str) -> bool {
        chown(self.path(name), Some(OTHER), None).is_ok()
    }

    fn link(&self, to: &str, name: &str) {
        symlink(self.path(to), self.path(name)).expect("free");
    }

    fn replace_by_link(&self, name: &str, to: &str) {
        fs::rename(self.path(name), self.path("moved")).expect("there");
        self.link(to, name);
    }

    fn named(&self) -> Result<Option<PathBuf>, Refusal> {
        named_file(&self.path("cwd/indirection"))
    }

    fn entries(&self) -> Result<usize, Refusal> {
        let path = self.path("root/agent/named");
        read_named(&path, &[self.path("root")]).map(|entries| entries.len())
    }
}

#[test]
fn files_that_only_this_user_can_have_made_are_followed() {
    let folder = Folder::new();
    let named = folder.named().expect("followed");
    assert_eq!(named, Some(folder.path("root/agent/named")));
    assert_eq!(folder.entries().expect("read"), 1);
    // Others can create files here, and not replace this one.
    folder.set_mode("root/agent", 0o1777);
    assert_eq!(folder.entries().expect("read"), 1);
}

#[test]
fn a_file_that_others_can_write_names_nothing() {
    for (name, mode) in [
        ("cwd/indirection", 0o666),
        ("cwd/indirection", 0o664),
        ("cwd", 0o777),
        ("cwd", 0o775),
        ("cwd", 0o1777),
    ] {
        let folder = Folder::new();
        folder.set_mode(name, mode);
        let refused = folder.named();
        assert!(refused.is_err(), "{name} {mode:o}: {refused:?}");
    }
    for name in ["cwd/indirection", "cwd"] {
        let folder = Folder::new();
        if folder.give_away(name) {
            let refused = folder.named();
            assert!(refused.is_err(), "{name}: {refused:?}");
        }
    }
}

#[test]
fn a_link_names_nothing() {
    let folder = Folder::new();
    folder.replace_by_link("cwd/indirection", "moved");
    let refused = folder.named();
    assert!(matches!(refused, Err(Refusal::Link)), "{refused:?}");
    let folder = Folder::new();
    folder.replace_by_link("cwd/indirection", "nowhere");
    let refused = folder.named();
    assert!(matches!(refused, Err(Refusal::Link)), "{refused:?}");
}

#[test]
fn a_named_file_that_others_can_write_is_not_read() {
    for (name, mode) in [
        ("root/agent/named", 0o646),
        ("root/agent/named", 0o664),
        ("root/agent", 0o777),
        ("root", 0o777),
    ] {
        let folder = Folder::new();
        folder.set_mode(name, mode);
        let refused = folder.entries();
        assert!(refused.is_err(), "{name} {mode:o}: {refused:?}");
    }
    let folder = Folder::new();
    if folder.give_away("root/agent/named") {
        let refused = folder.entries();
        assert!(
            matches!(refused, Err(Refusal::Foreign(OTHER))),
            "{refused:?}"
        );
        // Unless it is the directory of that user, which root has made here.
        folder.give_away("root/agent");
        assert_eq!(folder.entries().expect("read"), 1);
    }
}

#[test]
fn no_link_is_followed_to_a_named_file() {
    for (name, to) in [
        ("root/agent/named", "elsewhere/file"),
        ("root/agent", "moved"),
        ("root", "moved"),
    ] {
        let folder = Folder::new();
        folder.replace_by_link(name, to);
        let refused = folder.entries();
        assert!(matches!(refused, Err(Refusal::Link)), "{name}: {refused:?}");
    }
}

#[test]
fn only_a_regular_file_is_read() {
    let folder = Folder::new();
    fs::remove_file(folder.path("root/agent/named")).expect("there");
    fs::create_dir(folder.path("root/agent/named")).expect("free");
    let refused = folder.entries();
    assert!(matches!(refused, Err(Refusal::NotAFile)), "{refused:?}");

    let folder = Folder::new();
    for name in ["root/agent/named", "cwd/indirection"] {
        fs::remove_file(folder.path(name)).expect("there");
        mknodat(CWD, folder.path(name), FileType::Fifo, Mode::RUSR, 0).expect("free");
    }
    // Neither waits for a writer.
    let refused = folder.entries();
    assert!(matches!(refused, Err(Refusal::NotAFile)), "{refused:?}");
    let refused = folder.named();
    assert!(matches!(refused, Err(Refusal::NotAFile)), "{refused:?}");
}
