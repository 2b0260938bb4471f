//! What is wrong with a directory.

/// Why a directory cannot be the spool.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The path is empty, or names something else.
    #[error("it is not a directory")]
    NotADirectory,
    /// Everybody, or a group, can create and remove files in it.
    #[error(
        "others can write to it (mode {mode:o}): take that away (`chmod go-w`), or name a \
         directory inside it, which is made private"
    )]
    Writable {
        /// The permissions, such as `0o777`.
        mode: u32,
    },
    /// It belongs to another user, who can change what is in it.
    #[error("it belongs to another user (id {owner})")]
    Foreign {
        /// The id of that user.
        owner: u32,
    },
}
