//! Pending requests on disk, so that they survive the process.
//!
//! ```text
//! <spool_dir>/             refused if other users can change it or a parent of it: see `handle`
//!   slot-000/              0700; belongs to the one process that has locked it
//!     lock                 locked as well
//!     recipient            the protocol and the endpoint of the requests: see `recipient`
//!     sending              the request that may have been sent, if that matters
//!     00000000000000000007-0000000000.lines     0600; one request: see `record`
//!     00000000000000000006-0000000000.damaged   a file that could not be read
//!   slot-001/              another process with the same directory
//!   otlp-000/              a process that sends over OTLP: the same, with files `.otlp`
//! ```
//!
//! Imports `encode::body`, `config::protocol`, `config::endpoint`, `request` and `error`: nothing
//! here deals with HTTP, and nothing here decides which requests are kept. The buffer decides what
//! the disk should hold, and a thread of its own brings the disk to that state, since a disk may
//! take any time.
//!
//! **Durability.** A file is written under another name and renamed when it is complete. Then the
//! operating system has it, which suffices for any death of the process. The file is not synced to
//! the disk, which would cost each push some milliseconds: if the machine loses power, the last
//! half minute may be lost. Files that are torn in this way are detected by their checksums and
//! counted.
//!
//! **Duplicates.** A file is removed as soon as its request is answered, before the next request is
//! sent. If the process dies between the two steps, this one request is sent again; nobody but the
//! server could detect it. Where duplicates are worse than losses, the slot names the request that
//! is in flight (`sending`); the next process drops and counts that request.
//!
//! **Slots.** A process takes the first slot that no process holds, with the files in it. When it
//! starts, and once a minute, it looks for further slots that no process holds and takes over their
//! files, so that the requests of a process that is not restarted are delivered by its siblings.
//! Slots are never removed, because a lock on a removed directory guards nothing.
//!
//! The directory of the slot is locked, so that removing files in it does not free it: a cleaner may
//! remove the oldest files, `lock` among them. Before a request is sent, the process looks whether
//! the slot is still its own. If another process took it all the same, as on a file system that
//! several hosts share, the requests in it are left to that process.
//!
//! **Recipients.** A slot with requests for one endpoint is not taken by a process that sends to
//! another one, or over another protocol: the data of a test environment must not get into
//! production. Nor is a slot with requests that does not name a recipient. Such slots are left as
//! they are, and reported. If the endpoint of a running process changes, since the file of the host
//! names another one, its requests go there, and the slot names the new endpoint from then on: the
//! platform moves a process with all of its data. A process that is started with another endpoint
//! leaves the earlier requests; remove their slot, or start a process with the earlier endpoint.
//!
//! **Damage.** A file that cannot be read is counted and kept as `.damaged` for a week, in a tenth of
//! the spool's bytes. If the number of its data points is not known, its lines are counted, and at
//! least one.

pub(crate) mod cells;
pub(crate) mod directory;
pub(crate) mod handle;
pub(crate) mod recipient;
mod record;
pub(crate) mod slot;
