use std::fs;

use tempfile::TempDir;

use crate::dynatrace::spool::handle::{DirectoryHandle, Entry};

fn directory() -> TempDir {
    TempDir::new().expect("a directory")
}

#[test]
fn a_file_is_written_listed_read_renamed_and_removed() {
    let directory = directory();
    let spool = DirectoryHandle::open(&directory.path().join("spool")).expect("made");
    let name = |name: &str| Entry {
        name: name.into(),
        is_file: true,
    };
    spool.replace("a", "part", &[b"x", b"y"]).expect("written");
    assert_eq!(spool.entries().expect("listed"), [name("a")]);
    let text = std::io::read_to_string(spool.open_file("a").expect("opened"));
    assert_eq!(text.expect("read"), "xy");
    spool.create_subdirectory("b").expect("made");
    spool.create_subdirectory("b").expect("there");
    let below = spool.subdirectory("b").expect("opened").expect("there");
    spool.rename("a", &below, "c").expect("renamed");
    assert_eq!(below.entries().expect("listed"), [name("c")]);
    assert!(spool.open_file("a").is_err());
    for _ in 0..2 {
        below.remove("c").expect("removed, or gone before");
    }
    assert!(spool.subdirectory("d").expect("looked for").is_none());
    assert!(spool.is_in_place());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::dynatrace::error::SpoolError;
    use crate::dynatrace::spool::handle::OpenError;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    }

    /// Why a directory is not usable.
    fn refused(path: &Path) -> SpoolError {
        match DirectoryHandle::open(path) {
            Err(OpenError::Unusable(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    /// The path without links, as an error names it.
    fn real(path: &Path) -> PathBuf {
        path.canonicalize().expect("there")
    }

    #[test]
    fn a_parent_that_others_can_write_to_is_refused_unless_it_is_sticky() {
        let directory = directory();
        let parent = directory.path().join("parent");
        let spool = parent.join("x/spool");
        fs::create_dir(&parent).expect("made");
        for mode in [0o777, 0o770, 0o720, 0o702, 0o2775] {
            set_mode(&parent, mode);
            let error = refused(&spool);
            let text = error.to_string();
            let SpoolError::Writable {
                path, mode: said, ..
            } = error
            else {
                panic!("{text}");
            };
            assert_eq!((path, said), (real(&parent), mode));
            for part in [&format!("mode {mode:o}"), "owner ", "chmod go-w", "parent"] {
                assert!(text.contains(part), "{text}");
            }
            assert!(!parent.join("x").exists(), "nothing is made there");
        }
        for mode in [0o1777, 0o1775, 0o755, 0o711, 0o700] {
            set_mode(&parent, mode);
            DirectoryHandle::open(&spool).expect("safe");
            fs::remove_dir_all(parent.join("x")).expect("removed");
        }
    }

    #[test]
    fn the_way_of_each_link_has_to_be_safe() {
        let directory = directory();
        let at = |name: &str| directory.path().join(name);
        for name in ["safe", "safe/spool", "shared", "shared/private"] {
            fs::create_dir(at(name)).expect("made");
        }
        set_mode(&at("shared"), 0o777);
        symlink("safe/spool", at("relative")).expect("a link");
        symlink(at("safe/../safe/./spool"), at("absolute")).expect("a link");
        symlink("relative", at("twice")).expect("a link");
        symlink("safe/new/spool", at("dangling")).expect("a link");
        for name in ["relative", "absolute", "twice", "dangling"] {
            let spool = DirectoryHandle::open(&at(name)).expect(name);
            spool.replace(name, "part", &[b"x"]).expect("written");
            assert!(real(&at(name)).starts_with(real(&at("safe"))));
        }
        assert_eq!(fs::read(at("safe/spool/twice")).expect("there"), b"x");
        symlink(at("safe/spool"), at("shared/link")).expect("a link");
        symlink("shared/link", at("through")).expect("a link");
        symlink("../shared/private", at("safe/up")).expect("a link");
        for name in [
            "through",
            "safe/up",
            "shared/link",
            "safe/../shared/private",
        ] {
            let SpoolError::Writable { path, .. } = refused(&at(name)) else {
                panic!("{name}");
            };
            assert_eq!(path, real(&at("shared")), "{name}");
        }
        symlink("loop", at("loop")).expect("a link");
        let error = DirectoryHandle::open(&at("loop/spool")).expect_err("endless");
        assert!(matches!(error, OpenError::Io(_)), "{error}");
    }

    #[test]
    fn a_parent_of_another_user_is_refused() {
        let directory = directory();
        let parent = directory.path().join("parent");
        let sticky = directory.path().join("sticky");
        for made in [&parent, &sticky] {
            fs::create_dir(made).expect("made");
        }
        set_mode(&sticky, 0o1777);
        let link = sticky.join("link");
        symlink(&parent, &link).expect("a link");
        DirectoryHandle::open(&link).expect("its own link");
        if std::os::unix::fs::lchown(&link, Some(65_534), None).is_err() {
            return; // Only root can change the owner of a file.
        }
        assert!(matches!(
            refused(&link),
            SpoolError::Foreign { path, owner: 65_534, .. } if path == real(&sticky).join("link")
        ));
        set_mode(&parent, 0o755);
        chown(&parent, Some(65_534), None).expect("changed");
        let error = refused(&parent.join("x/spool"));
        assert!(matches!(
            &error,
            SpoolError::Foreign { path, owner: 65_534, mode: 0o755 } if *path == real(&parent)
        ));
        for part in [
            "another user",
            "owner 65534",
            "mode 755",
            "change its owner",
        ] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(!parent.join("x").exists());
    }

    #[test]
    fn a_link_in_place_of_a_file_is_not_followed() {
        let directory = directory();
        let spool = DirectoryHandle::open(&directory.path().join("spool")).expect("made");
        let victim = directory.path().join("victim");
        fs::write(&victim, "precious").expect("written");
        for name in ["name", "part", "lock"] {
            symlink(&victim, spool.path().join(name)).expect("a link");
        }
        spool.replace("name", "part", &[b"x"]).expect("written");
        assert!(spool.lock_file("lock").is_err());
        assert_eq!(fs::read(spool.path().join("name")).expect("there"), b"x");
        symlink(&victim, spool.path().join("read")).expect("a link");
        assert!(spool.open_file("read").is_err());
        spool.remove("read").expect("removed");
        assert_eq!(fs::read(&victim).expect("untouched"), b"precious");
    }

    /// The race that a check of the path alone would lose: the directory is replaced after it was
    /// checked and opened.
    #[test]
    fn a_replaced_directory_receives_no_files() {
        let directory = directory();
        let path = directory.path().join("spool");
        let spool = DirectoryHandle::open(&path).expect("made");
        spool.create_subdirectory("slot").expect("made");
        let slot = spool.subdirectory("slot").expect("opened").expect("there");
        let elsewhere = directory.path().join("elsewhere");
        for name in ["elsewhere", "elsewhere/slot"] {
            fs::create_dir(directory.path().join(name)).expect("made");
        }
        fs::rename(&path, directory.path().join("moved")).expect("renamed");
        symlink(&elsewhere, &path).expect("a link");
        fs::write(elsewhere.join("slot/a"), "precious").expect("written");
        slot.replace("a", "part", &[b"x"]).expect("written");
        slot.remove("b").expect("nothing there");
        slot.replace("b", "part", &[b"x"]).expect("written");
        slot.rename("b", &slot, "a").expect("renamed");
        slot.remove("a").expect("removed");
        assert_eq!(
            fs::read(elsewhere.join("slot/a")).expect("there"),
            b"precious"
        );
        assert!(!slot.is_in_place());
    }

    #[test]
    fn a_pipe_is_opened_without_waiting() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let directory = directory();
        let spool = DirectoryHandle::open(directory.path()).expect("safe");
        let mode = Mode::RUSR | Mode::WUSR;
        for name in ["a", "part"] {
            mknodat(CWD, directory.path().join(name), FileType::Fifo, mode, 0).expect("a pipe");
        }
        assert!(spool.open_file("a").is_err());
        spool.replace("b", "part", &[b"x"]).expect("written");
    }
}
