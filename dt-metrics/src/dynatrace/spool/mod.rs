//! What was not delivered, on disk, so that it survives the process.
//!
//! ```text
//! <spool_dir>/             others cannot write here, or it is refused
//!   slot-000/              0700; one process at a time, told by the lock
//!     lock                 locked as long as the process lives, however it ends
//!     sending              the request that may have been sent, if that matters
//!     00000000000000000007-0000000000.lines     0600; one request: see `record`
//!   slot-001/              another process with the same directory
//!   otlp-000/              one that sends by OTLP: the same, with files `.otlp`
//! ```
//!
//! Nothing here knows of HTTP, and nothing here decides what is kept: the queue says what the disk
//! should hold ([`Journal`]), and a thread of its own makes it so, since a disk may take as long
//! as it likes.
//!
//! **What survives what.** A file is written under another name and renamed when it is whole. It
//! is in the hands of the operating system then, which is enough for any death of the process. It
//! is not synced to the disk, which would cost each push milliseconds of a disk: when the machine
//! loses power, the last half minute or so may be lost. A file that is torn by that is found by
//! its checksums, and counted.
//!
//! **What is sent twice.** A file is removed as soon as the answer is there, before the next
//! request is sent. If the process dies between the two, this one request is sent again; nobody
//! but the server could tell. Where duplicates are worse than a loss, the slot says which request
//! is under way (`sending`), and what is found so is dropped and counted.
//!
//! **Slots.** A process takes the first slot that nobody holds, and what is in it. It looks for
//! others that nobody holds when it starts, and once a minute, and takes what is in those, too: so
//! that the lines of a process that is not started again are delivered by its siblings. Slots are
//! never removed, because a lock on a file that is gone guards nothing.

pub(crate) mod directory;
pub(crate) mod record;
pub(crate) mod slot;
