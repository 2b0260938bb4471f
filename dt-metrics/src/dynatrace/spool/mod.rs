//! Pending requests on disk, so that they survive the process.
//!
//! ```text
//! <spool_dir>/             rejected if other users can write to it
//!   slot-000/              0700; belongs to the one process that holds the lock
//!     lock                 locked for the life of the process, however it ends
//!     sending              the request that may have been sent, if that matters
//!     00000000000000000007-0000000000.lines     0600; one request: see `record`
//!   slot-001/              another process with the same directory
//!   otlp-000/              a process that sends over OTLP: the same, with files `.otlp`
//! ```
//!
//! Imports `encode::body`, `config::protocol`, `request` and `error`: nothing here deals with HTTP,
//! and nothing here decides which requests are kept. The buffer decides what the disk should hold,
//! and a thread of its own brings the disk to that state, since a disk may take any time.
//!
//! **What survives.** A file is written under another name and renamed when it is complete. Then
//! the operating system has it, which suffices for any death of the process. The file is not synced
//! to the disk, which would cost each push some milliseconds: if the machine loses power, the last
//! half minute may be lost. Files that are torn in this way are detected by their checksums and
//! counted.
//!
//! **What is sent twice.** A file is removed as soon as its request is answered, before the next
//! request is sent. If the process dies between the two steps, this one request is sent again;
//! nobody but the server could detect it. Where duplicates are worse than losses, the slot names
//! the request that is in flight (`sending`); the next process drops and counts that request.
//!
//! **Slots.** A process takes the first slot that no process holds, with the files in it. When it
//! starts, and once a minute, it looks for further slots that no process holds and takes over their
//! files, so that the requests of a process that is not restarted are delivered by its siblings.
//! Slots are never removed, because a lock on a removed file guards nothing.

pub(crate) mod directory;
pub(crate) mod handle;
mod record;
pub(crate) mod slot;
