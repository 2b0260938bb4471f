//! Which program expands the macros.

use std::env;
use std::sync::LazyLock;

/// The attribute that allows these lints of clippy, if clippy expands the macro. To other programs it would
/// be one more attribute to parse and to check for each function.
macro_rules! allow_clippy {
    ($($lints:tt)*) => {
        if $crate::expander::Expander::current() == $crate::expander::Expander::Clippy {
            $crate::tokens::emit!(#[allow($($lints)*)])
        } else {
            ::proc_macro2::TokenStream::new()
        }
    };
}
pub(crate) use allow_clippy;

/// A program that reads functions and builds none. It gets them as they were written: a second copy
/// under `#[cfg(clippy)]` or `#[cfg(doc)]` would make every build slower.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Expander {
    /// Lints judge the function that the user wrote only if they find this function: a body in a
    /// closure does not `await`, does not change a static, and has no last statement.
    Clippy,
    /// A page shows the signature that was written.
    Rustdoc,
    /// Any other, which builds: the compiler, or an editor.
    Compiler,
}

impl Expander {
    /// The program that this runs in.
    pub(crate) fn current() -> Self {
        static CURRENT: LazyLock<Expander> = LazyLock::new(|| {
            let program = env::current_exe().unwrap_or_default();
            match program.file_stem().and_then(|name| name.to_str()) {
                Some("clippy-driver") => Expander::Clippy,
                Some("rustdoc") => Expander::Rustdoc,
                _ => Expander::Compiler,
            }
        });
        *CURRENT
    }
}
