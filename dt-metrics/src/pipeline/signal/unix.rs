//! Signal handlers of Unix, installed in a way that the program does not notice.
//!
//! If the program handles a signal itself, the signal must not end the process; otherwise it must.
//! No library for signals can detect this, least of all if the program begins to handle the signal
//! after us, as with tokio's `ctrl_c`. The operating system provides it: a later handler replaces
//! ours, and calls ours as the previous one. So this module reads and sets handlers itself, which
//! takes `unsafe`: here, and in `process/unix.rs`.
#![allow(
    unsafe_code,
    reason = "there is no safe way to read who handles a signal"
)]

use std::io::{self, PipeReader, Read};
use std::mem::MaybeUninit;
use std::os::fd::{IntoRawFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use libc::{c_int, c_void, siginfo_t};

use crate::process::Process;
use crate::thread::spawn;

const SIGNALS: [c_int; 2] = [libc::SIGTERM, libc::SIGINT];

/// A handler sends the thread the index of the signal, with this bit if nobody else handles it.
const ALONE: u8 = 0x80;

/// Whether signals are to be caught.
static WATCHING: AtomicBool = AtomicBool::new(false);

/// Whether a signal came: the next one acts at once.
static CAME: AtomicBool = AtomicBool::new(false);

/// How to wake the thread that flushes. Made once per process, and never freed, since a handler may
/// run at any time.
static WAKE: AtomicPtr<Wake> = AtomicPtr::new(ptr::null_mut());

/// The action of each signal before ours; null if ours is not installed. Never freed either: some
/// bytes for each time that metrics are installed.
static BEFORE: [AtomicPtr<libc::sigaction>; SIGNALS.len()] =
    [const { AtomicPtr::new(ptr::null_mut()) }; SIGNALS.len()];

struct Wake {
    /// A forked child inherits the handlers, but has neither the thread nor a pipe of its own.
    process: Process,
    pipe: RawFd,
}

/// Catches the signals that are not ignored, and runs `flush` when one comes. The thread that runs
/// it is made once per process, with the first `flush`.
pub(super) fn watch(flush: fn()) -> io::Result<()> {
    if wake().is_none() {
        start_thread(flush)?;
    }
    CAME.store(false, Ordering::Relaxed);
    WATCHING.store(true, Ordering::Release);
    for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
        let now = ask(signal)?;
        // Shells start background programs with SIGINT ignored, and it must stay ignored.
        if is_ours(&now) || now.sa_sigaction == libc::SIG_IGN {
            continue;
        }
        // A handler that replaced ours earlier still calls ours.
        if now.sa_sigaction != libc::SIG_DFL && !before.load(Ordering::Acquire).is_null() {
            continue;
        }
        before.store(Box::into_raw(Box::new(now)), Ordering::Release);
        set(signal, &ours())?;
    }
    Ok(())
}

/// Restores the actions that the signals had before.
pub(super) fn unwatch() {
    WATCHING.store(false, Ordering::Release);
    for index in 0..SIGNALS.len() {
        give_back(index);
    }
}

fn start_thread(flush: fn()) -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    spawn("dt-metrics-signals", move || run(reader, flush))?;
    let wake = Wake {
        process: Process::current(),
        pipe: writer.into_raw_fd(),
    };
    WAKE.store(Box::into_raw(Box::new(wake)), Ordering::Release);
    Ok(())
}

/// Flushes when a signal came, then lets the signal act.
fn run(mut reader: PipeReader, flush: fn()) {
    let mut message = [0];
    while reader.read_exact(&mut message).is_ok() {
        flush();
        let [message] = message;
        let index = usize::from(message & !ALONE);
        if message & ALONE != 0
            && let Some(&signal) = SIGNALS.get(index)
        {
            give_back(index);
            // SAFETY: sends a signal, to this process. Not `raise`: this thread may block it.
            unsafe { libc::kill(libc::getpid(), signal) };
        }
    }
}

/// Runs on any thread, in the middle of any other code. Therefore it takes no lock, allocates
/// nothing, does not panic, and uses only system calls that POSIX lists as async-signal-safe. These
/// calls do not fail here, so `errno` does not change.
extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(index) = SIGNALS.iter().position(|known| *known == signal) else {
        return;
    };
    // If a later handler replaced ours, it handles the signal and calls ours as the previous one.
    let alone = ask(signal).is_ok_and(|now| is_ours(&now));
    if WATCHING.load(Ordering::Acquire)
        && let Some(wake) = wake()
        && !CAME.swap(true, Ordering::AcqRel)
    {
        let message = u8::try_from(index).unwrap_or(0) | if alone { ALONE } else { 0 };
        // SAFETY: one byte of this stack; the pipe is never closed, and empty, so it has room.
        unsafe { libc::write(wake.pipe, ptr::from_ref(&message).cast(), 1) };
        if alone {
            return;
        }
    }
    if alone {
        give_back(index);
        // SAFETY: sends a signal, to this thread, which takes it when this returns.
        unsafe { libc::raise(signal) };
    } else {
        call_before(index, signal, info, context);
    }
}

/// Calls the handler that was installed before ours, if there was one.
fn call_before(index: usize, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: null, or made by `Box::into_raw` in `watch` and never freed.
    let Some(before) = (unsafe { BEFORE[index].load(Ordering::Acquire).as_ref() }) else {
        return;
    };
    match before.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {}
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the flag means that the handler is of this type (POSIX, `sigaction`).
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without the flag it is of this one.
            let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

/// Makes a signal act as it did before, unless a later handler replaced ours.
fn give_back(index: usize) {
    let signal = SIGNALS[index];
    if !ask(signal).is_ok_and(|now| is_ours(&now)) {
        return;
    }
    let before = BEFORE[index].swap(ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: null, or made by `Box::into_raw` in `watch` and never freed.
    if let Some(before) = unsafe { before.as_ref() } {
        // Cannot fail: both the signal and the action come from the system.
        let _ = set(signal, before);
    }
}

/// The way to wake the thread of this process, if it has one.
fn wake() -> Option<&'static Wake> {
    // SAFETY: null, or made by `Box::into_raw` in `start_thread` and never freed.
    let wake = unsafe { WAKE.load(Ordering::Acquire).as_ref() };
    wake.filter(|wake| !wake.process.is_forked())
}

fn ours() -> libc::sigaction {
    // SAFETY: a C struct of numbers, for which zeros are values.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: a pointer to a set of this stack.
    unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
    action
}

fn is_ours(action: &libc::sigaction) -> bool {
    action.sa_sigaction == on_signal as *const () as libc::sighandler_t
}

fn ask(signal: c_int) -> io::Result<libc::sigaction> {
    let mut action = MaybeUninit::zeroed();
    // SAFETY: reads only; the pointer is valid for writing one action.
    let failed = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) } != 0;
    if failed {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: filled in by the call.
    Ok(unsafe { action.assume_init() })
}

fn set(signal: c_int, action: &libc::sigaction) -> io::Result<()> {
    // SAFETY: the handler is `on_signal`, or the handler that was installed before it.
    let failed = unsafe { libc::sigaction(signal, action, ptr::null_mut()) } != 0;
    if failed {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
