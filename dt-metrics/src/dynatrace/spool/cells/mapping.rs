//! A file whose contents are memory of this process.

#[cfg(not(all(target_os = "linux", not(miri))))]
mod elsewhere;
#[cfg(all(target_os = "linux", not(miri)))]
mod linux;

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) use self::elsewhere::Mapping;
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) use self::linux::Mapping;
#[cfg(all(test, target_os = "linux", not(miri)))]
pub(super) use self::linux::stops;
