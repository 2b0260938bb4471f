//! A program with a thousand annotated functions.

mod collect_once;

/// Ten functions.
macro_rules! functions {
    ($($function:ident)+) => {
        $(
            #[dt_metrics::counted(unit = "1", dims(region = "eu", tier = "gold"))]
            #[inline(never)]
            fn $function() {}
        )+

        pub(crate) fn call_all() {
            $($function();)+
        }
    };
}

/// Ten modules, each with the items of the macro.
macro_rules! modules {
    ($each:ident: $($module:ident)+) => {
        $(
            mod $module {
                $each!(f0 f1 f2 f3 f4 f5 f6 f7 f8 f9);
            }
        )+

        pub(crate) fn call_all() {
            $($module::call_all();)+
        }
    };
}

/// A hundred functions in ten modules.
macro_rules! hundred {
    ($($module:ident)+) => {
        modules!(functions: $($module)+);
    };
}

modules!(hundred: m0 m1 m2 m3 m4 m5 m6 m7 m8 m9);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    collect_once::run(call_all)
}
