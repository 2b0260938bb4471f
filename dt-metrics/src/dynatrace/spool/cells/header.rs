//! The part of the header that never changes: which file this is, and which process counts in it.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::OnceLock;
use std::time::SystemTime;

use super::layout::header::{BOOT, CHECKSUM, PROCESS, RUN, TOKEN, VERSION};

/// The version of the layout.
pub(super) const LAYOUT: u64 = 2;

/// The file in which Linux names the boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A process that counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Identity {
    pub(super) process: u64,
    /// Random, since another process may get the number of this one later. A forked child has the same number.
    pub(super) run: u64,
    /// The boot of the machine. The counts of an earlier boot may have got to the disk in any order, or
    /// not at all.
    pub(super) boot: [u64; 2],
}

impl Identity {
    /// The calling process.
    pub(super) fn current() -> io::Result<Self> {
        static RUN: OnceLock<u64> = OnceLock::new();
        let text = std::fs::read_to_string(BOOT_ID)?;
        let digits = text.trim().replace('-', "");
        let boot = u128::from_str_radix(&digits, 16).map_err(io::Error::other)?;
        let [high, low] = *boot.to_be_bytes().as_chunks().0 else {
            return Err(io::ErrorKind::InvalidData.into()); // Cannot happen: they are 16 bytes.
        };
        Ok(Self {
            process: std::process::id().into(),
            run: *RUN.get_or_init(random),
            boot: [high, low].map(u64::from_be_bytes),
        })
    }
}

/// A number that no other file and no other process has. Never 0.
fn random() -> u64 {
    // Keys of hashes are random, but a forked child has the keys of its parent.
    let now = (std::process::id(), SystemTime::now());
    RandomState::new().hash_one(now) | 1
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) token: u64,
    pub(super) identity: Identity,
}

impl Header {
    pub(super) fn new(identity: Identity) -> Self {
        Self {
            token: random(),
            identity,
        }
    }

    /// The words, in order.
    pub(super) fn to_words(self) -> [u64; CHECKSUM + 1] {
        let mut words = [0; CHECKSUM + 1];
        words[VERSION] = LAYOUT;
        words[TOKEN] = self.token;
        words[PROCESS] = self.identity.process;
        words[RUN] = self.identity.run;
        for (index, boot) in BOOT.into_iter().zip(self.identity.boot) {
            words[index] = boot;
        }
        words[CHECKSUM] = checksum(&words[..CHECKSUM]);
        words
    }

    /// `None` if they are not the words of a header with this version.
    pub(super) fn from_words(words: &[u64]) -> Option<Self> {
        let header = Self {
            token: *words.get(TOKEN)?,
            identity: Identity {
                process: *words.get(PROCESS)?,
                run: *words.get(RUN)?,
                boot: [*words.get(BOOT[0])?, *words.get(BOOT[1])?],
            },
        };
        let is_header = words.get(..=CHECKSUM)? == header.to_words();
        (is_header && header.token != 0).then_some(header)
    }
}

fn checksum(words: &[u64]) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    for word in words {
        hasher.update(&word.to_le_bytes());
    }
    hasher.finalize().into()
}
