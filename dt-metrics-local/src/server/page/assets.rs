//! The files of the page, built into the program.

/// The path of the page.
pub(crate) const PAGE_PATH: &str = "/";

/// A file of the page.
pub(super) struct Asset {
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    pub(super) content: &'static str,
}

macro_rules! assets {
    ($($file:literal: $content_type:ident at $path:expr,)*) => {
        [$(Asset {
            path: $path,
            content_type: $content_type,
            content: include_str!(concat!("../../../assets/", $file)),
        }),*]
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JS: &str = "text/javascript; charset=utf-8";

pub(super) static ALL: &[Asset] = &assets! {
    "index.html": HTML at PAGE_PATH,
    "style.css": CSS at "/assets/style.css",
    "icon.svg": SVG at "/assets/icon.svg",
    "main.js": JS at "/assets/main.js",
    "model.js": JS at "/assets/model.js",
    "feed.js": JS at "/assets/feed.js",
    "format.js": JS at "/assets/format.js",
    "dom.js": JS at "/assets/dom.js",
    "list.js": JS at "/assets/list.js",
    "series.js": JS at "/assets/series.js",
    "points.js": JS at "/assets/points.js",
    "chart.js": JS at "/assets/chart.js",
    "detail.js": JS at "/assets/detail.js",
    "delivery/refused.js": JS at "/assets/delivery/refused.js",
    "delivery/request.js": JS at "/assets/delivery/request.js",
    "delivery/requests.js": JS at "/assets/delivery/requests.js",
    "catalog.js": JS at "/assets/catalog.js",
    "cost.js": JS at "/assets/cost.js",
    "delivery/delivery.js": JS at "/assets/delivery/delivery.js",
    "dql.js": JS at "/assets/dql.js",
    "functions.js": JS at "/assets/functions.js",
    "table.js": JS at "/assets/table.js",
    "view.js": JS at "/assets/view.js",
    "theme.js": JS at "/assets/theme.js",
};
