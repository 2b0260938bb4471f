//! A file whose contents are memory of this process.
//!
//! Room on the disk is reserved before a page is used: a page without room would end the process with
//! a signal. This file has all `unsafe` code of the spool.
#![allow(unsafe_code, reason = "mapped memory")]

use std::fs::File;
use std::io;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FallocateFlags, fallocate, fstatfs};
use rustix::io::{Errno, retry_on_intr};
use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap, mmap_anonymous, mremap_fixed, munmap};
use rustix::process::{Resource, getrlimit};

use super::super::layout::{
    BLOCK_WORDS, Block, GROUP_BLOCKS, GROUP_BYTES, HALF_BLOCKS, MAX_BYTES, SAMPLES,
    SAMPLES_IN_BLOCK, STEP, Tag,
};
use crate::dynatrace::spool::handle::DirectoryHandle;
use crate::instrument::{Chunk, RingSample};

/// File systems on which a reserved page is there when it is written: ext2 to ext4, XFS, tmpfs and
/// overlays of them. Others write a page to another place each time, or belong to another machine.
const SAFE_FILE_SYSTEMS: [u32; 4] = [0xEF53, 0x5846_5342, 0x0102_1994, 0x794C_7630];

/// The pieces of the largest file.
const PIECES: usize = (MAX_BYTES / STEP).ilog2() as usize + 1;

const ACCESS: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

const _: () = assert!(
    size_of::<Chunk>() == BLOCK_WORDS * 8 && (BLOCK_WORDS * 8).is_multiple_of(align_of::<Chunk>()),
    "a chunk is a block"
);
const _: () = assert!(
    size_of::<RingSample>() * SAMPLES_IN_BLOCK == BLOCK_WORDS * 8
        && align_of::<RingSample>() <= align_of::<u64>(),
    "a sample is two words"
);

/// A mapped file. Each growth maps a further piece. No piece is ever unmapped, even if this value is
/// dropped.
#[derive(Debug)]
pub(in super::super) struct Mapping {
    /// Until it is [closed](Self::close). Locked while it grows.
    file: Mutex<Option<File>>,
    /// The bytes that are mapped. Grows once the piece is there.
    bytes: AtomicU64,
    /// The pieces: the first piece has the size of a [`STEP`], and each further one the size of all pieces
    /// before, except that the last one may be shorter.
    pieces: [AtomicPtr<u64>; PIECES],
}

impl Mapping {
    /// Maps a new file of [`STEP`] bytes, all 0.
    pub(in super::super) fn create(directory: &DirectoryHandle, name: &str) -> io::Result<Self> {
        let file = directory.create_file(name)?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::unnecessary_cast,
            reason = "the type depends on the platform, and the numbers have 32 bits"
        )]
        let kind = fstatfs(&file)?.f_type as u32;
        if !SAFE_FILE_SYSTEMS.contains(&kind) {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "its file system (type {kind:#x}) cannot reserve room for mapped files; use a \
                     directory on ext4, XFS or tmpfs"
                ),
            ));
        }
        let mapping = Self {
            file: Mutex::new(Some(file)),
            bytes: AtomicU64::new(0),
            pieces: [const { AtomicPtr::new(ptr::null_mut()) }; PIECES],
        };
        mapping.grow(0, STEP)?;
        Ok(mapping)
    }

    /// Whether a condition holds for the file, unless it is closed.
    pub(in super::super) fn is_file(&self, condition: impl FnOnce(&File) -> bool) -> bool {
        self.file().as_ref().is_some_and(condition)
    }

    /// Closes the file, which does not grow any more. Its pieces stay mapped.
    pub(in super::super) fn close(&self) {
        *self.file() = None;
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in super::super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// Doubles the size, as far as `limit_bytes` allows, unless it is not `from` bytes any more.
    pub(in super::super) fn grow(&self, from: u64, limit_bytes: u64) -> io::Result<()> {
        let file = self.file();
        let bytes = self.bytes();
        if bytes > from {
            return Ok(());
        }
        let limit_bytes = limit_bytes.min(MAX_BYTES) / STEP * STEP;
        let larger = (2 * bytes).max(STEP).min(limit_bytes);
        let (piece, _) = piece(bytes);
        let Some(pointer) = self.pieces.get(piece).filter(|_| larger > bytes) else {
            return Err(io::ErrorKind::StorageFull.into());
        };
        // Beyond the limit of a process, the system would send a signal that ends the process.
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| larger > limit) {
            return Err(Errno::FBIG.into());
        }
        let file = file.as_ref().ok_or(Errno::BADF)?;
        let mapped = Self::map(file, bytes, larger - bytes).inspect_err(|_| {
            // Frees the reserved room.
            let _ = file.set_len(bytes);
        })?;
        pointer.store(mapped, Ordering::Release);
        self.bytes.store(larger, Ordering::Release);
        Ok(())
    }

    /// Reserves and maps a part of the file.
    fn map(file: &File, start: u64, bytes: u64) -> io::Result<*mut u64> {
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        retry_on_intr(|| fallocate(file, FallocateFlags::empty(), start, bytes))?;
        // SAFETY: the system chooses the address, so no memory in use is replaced.
        let mapped = unsafe {
            mmap(
                ptr::null_mut(),
                length,
                ACCESS,
                MapFlags::SHARED,
                file,
                start,
            )
        };
        Ok(mapped?.cast())
    }

    /// A word of the file, by its position; `None` if the file is not that long.
    fn word(&self, position: usize) -> Option<&'static AtomicU64> {
        let byte = position as u64 * 8;
        if byte >= self.bytes() {
            return None;
        }
        let (piece, start) = piece(byte);
        let pointer = self.pieces.get(piece)?.load(Ordering::Acquire);
        let index = usize::try_from((byte - start) / 8).ok()?;
        // SAFETY: `pointer` is the start of the piece, which is never unmapped, and the word is in the
        // piece since it is below `bytes`. The piece begins at a page, so words are aligned. All accesses
        // in this process are atomic.
        Some(unsafe { AtomicU64::from_ptr(pointer.add(index)) })
    }

    /// Reads a word; 0 beyond the end.
    pub(in super::super) fn load(&self, position: usize) -> u64 {
        let word = self.word(position);
        word.map_or(0, |word| word.load(Ordering::Acquire))
    }

    /// Writes a word. The stores of a thread get into the file in the order of the calls.
    pub(in super::super) fn store(&self, position: usize, value: u64) {
        if let Some(word) = self.word(position) {
            word.store(value, Ordering::Release);
        }
        #[cfg(test)]
        stops::stop();
    }

    /// A block as a chunk. Its words must not be [stored](Self::store) afterwards.
    #[allow(
        clippy::cast_ptr_alignment,
        reason = "a block begins at a multiple of its size, and a piece at a page"
    )]
    pub(in super::super) fn chunk(&self, block: Block) -> Option<&'static Chunk> {
        let first = self.word(block.word(0))?;
        // SAFETY: a chunk is as large as a block and consists of atomic words, for which each value is
        // valid. The block begins at a multiple of its size, so the chunk is aligned. A piece
        // consists of whole blocks, so all of the chunk is in the piece, and the piece is never unmapped.
        Some(unsafe { &*first.as_ptr().cast::<Chunk>() })
    }

    /// A half as a sample array. Words of its samples must not be [stored](Self::store) afterwards, except for the
    /// header.
    pub(in super::super) fn samples(&self, first: Block) -> Option<&'static [RingSample]> {
        let word = self.word(first.word(0)).filter(|_| first.is_half())?;
        // SAFETY: a sample consists of two atomic words, for which each value is valid, and is aligned as a
        // word is. A piece consists of whole groups, so the whole half is in the piece, and the piece is
        // never unmapped.
        Some(unsafe { slice::from_raw_parts(word.as_ptr().cast::<RingSample>(), SAMPLES) })
    }

    /// Puts private memory in the place of each piece: with the contents of the chunks and samples, and zeros
    /// for all the rest. Allocates nothing, and takes no lock.
    pub(in super::super) fn detach(&self) {
        let bytes = self.bytes();
        let mut start = 0;
        while start < bytes {
            let (piece, _) = piece(start);
            let end = (2 * start).max(STEP).min(bytes);
            if let Some(pointer) = self.pieces.get(piece)
                && let Ok(length) = usize::try_from(end - start)
            {
                let mapped = pointer.load(Ordering::Acquire);
                self.detach_piece(mapped, start, length);
            }
            start = end;
        }
    }

    fn detach_piece(&self, mapped: *mut u64, start: u64, length: usize) {
        let address = mapped.cast();
        // SAFETY: the system chooses the address, so no memory in use is replaced.
        let copy = unsafe {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            mmap_anonymous(ptr::null_mut(), length, ACCESS, flags)
        };
        let is_moved = copy.is_ok_and(|copy| {
            self.copy_blocks(copy.cast(), start, length);
            // SAFETY: `copy` is a mapping of this length that nobody else has. It replaces the piece,
            // which is a mapping of this length: references to words stay valid.
            let moved =
                unsafe { mremap_fixed(copy, length, length, MremapFlags::MAYMOVE, address) };
            if moved.is_err() {
                // SAFETY: `copy` is still there, and nobody has a reference to it.
                let _ = unsafe { munmap(copy, length) };
            }
            moved.is_ok()
        });
        if is_moved {
            return;
        }
        // A file that another thread is about to grow or to close cannot be used here.
        let file = self.file.try_lock();
        let Some(file) = file.as_ref().ok().and_then(|file| file.as_ref()) else {
            return;
        };
        // This needs no second place for the memory.
        // SAFETY: as above: the piece is replaced by a mapping of this length.
        let replaced = unsafe {
            let flags = MapFlags::PRIVATE | MapFlags::FIXED;
            mmap(address, length, ACCESS, flags, file, start)
        };
        if replaced.is_ok() {
            // A page is the child's own once the child has written to it.
            let first = usize::try_from(start / 8).unwrap_or(usize::MAX);
            for position in first..first.saturating_add(length / 8) {
                if let Some(word) = self.word(position) {
                    word.store(word.load(Ordering::Acquire), Ordering::Release);
                }
            }
        }
    }

    /// Copies the chunks and samples of a piece to memory that nobody else has.
    fn copy_blocks(&self, copy: *mut u64, start: u64, length: usize) {
        let group_words = BLOCK_WORDS * GROUP_BLOCKS as usize;
        let Ok(first) = usize::try_from(start / GROUP_BYTES) else {
            return;
        };
        let words = length / 8;
        for group in 0..words / group_words {
            for in_group in 1..GROUP_BLOCKS as usize {
                let tag = (first + group) * group_words + in_group;
                let blocks = match Tag::from_word(self.load(tag)) {
                    Some(Tag::Chunk(_)) => 1,
                    Some(Tag::Samples) => HALF_BLOCKS as usize,
                    _ => continue,
                };
                let begin = group * group_words + in_group * BLOCK_WORDS;
                let end = (begin + blocks * BLOCK_WORDS).min(words);
                for word in begin..end {
                    let value = self.load(first * group_words + word);
                    if value != 0 {
                        // SAFETY: `word` is below `length / 8`, and `copy` has `length` bytes.
                        unsafe { copy.add(word).write(value) };
                    }
                }
            }
        }
    }
}

/// The piece that has the byte at this position, and the position of its first byte.
fn piece(byte: u64) -> (usize, u64) {
    match (byte / STEP).checked_ilog2() {
        None => (0, 0),
        Some(power) => (power as usize + 1, STEP << power),
    }
}

/// Stops after each store, for tests that look at the file there.
#[cfg(test)]
pub(in super::super) mod stops {
    use std::cell::RefCell;

    type Stop = Box<dyn FnMut()>;

    thread_local! {
        static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
    }

    /// Calls `stop` after each store of this thread, until the next call.
    pub(in super::super::super) fn set(stop: Option<Stop>) {
        STOP.with(|current| *current.borrow_mut() = stop);
    }

    pub(super) fn stop() {
        STOP.with(|stop| {
            if let Some(stop) = &mut *stop.borrow_mut() {
                stop();
            }
        });
    }
}
