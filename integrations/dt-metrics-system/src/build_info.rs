//! `build.info`: which build of the program runs.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use dt_metrics::observed;

type Text = Cow<'static, str>;

/// The dimensions of `build.info`.
#[derive(Clone, Debug)]
pub(crate) struct BuildInfo {
    pub(crate) version: Option<Text>,
    pub(crate) commit: Option<Text>,
    rustc: Option<&'static str>,
    target: Option<&'static str>,
}

impl BuildInfo {
    /// The values that are known without the program's help.
    pub(crate) fn detected() -> Self {
        let release = std::env::var("DT_RELEASE_VERSION").ok();
        Self {
            version: release
                .filter(|version| !version.is_empty())
                .map(Cow::Owned),
            commit: option_env!("DT_METRICS_BUILD_COMMIT").map(Cow::Borrowed),
            rustc: option_env!("DT_METRICS_BUILD_RUSTC"),
            target: option_env!("DT_METRICS_BUILD_TARGET"),
        }
    }
}

static INSTALLED: RwLock<Option<BuildInfo>> = RwLock::new(None);

pub(crate) fn install(build: BuildInfo) {
    *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Some(build);
}

/// A value of the installed build.
fn installed<T>(value: impl FnOnce(&BuildInfo) -> Option<T>) -> Option<T> {
    let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner);
    value(installed.as_ref()?)
}

/// The build of the program that runs.
#[observed(
    name = "build.info",
    description = "Always 1, with the build of the program as dimensions",
    unit = "1",
    dims(
        version = installed(|build| build.version.clone()),
        commit = installed(|build| build.commit.clone()),
        rustc = installed(|build| build.rustc),
        target = installed(|build| build.target),
    )
)]
fn build_info() -> Option<u64> {
    installed(|_| Some(1))
}
