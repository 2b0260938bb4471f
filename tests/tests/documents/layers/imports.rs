//! The imports of each source file of a crate from other files of the crate.
//!
//! Paths are followed from `use` declarations and from expressions, through `mod` declarations and
//! re-exports, to the file that defines the item.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta, UseTree};

/// Re-exports that lead to each other end somewhere.
const LONGEST_WAY: usize = 16;

/// Source files by their path.
pub type Sources = BTreeMap<String, String>;

/// All source files below a folder, with paths that begin at the folder.
pub fn sources(folder: &Path) -> Sources {
    let mut sources = Sources::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                sources.insert(name.replace('\\', "/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}

/// The imports of a crate.
#[derive(Default)]
pub struct Imports {
    /// The names that a file imports from another, by both files.
    pub arrows: BTreeMap<(String, String), BTreeSet<String>>,
    /// Imports through a re-export of a folder in which the importing file is.
    pub through_own_facade: BTreeSet<String>,
}

impl Imports {
    /// The imports of the crates with these root files.
    pub fn of(sources: &Sources, roots: &[&str]) -> Self {
        let mut imports = Self::default();
        for root in roots {
            let tree = Tree::read(sources, root);
            for (index, module) in tree.modules.iter().enumerate() {
                for path in &module.paths {
                    imports.add(&tree, index, path);
                }
            }
        }
        imports
    }

    fn add(&mut self, tree: &Tree, module: usize, path: &[String]) {
        let from = &tree.modules[module];
        let mut through = Vec::new();
        let Some(target) = tree.resolve(module, path, &mut through, 0) else {
            return;
        };
        if tree.facades.contains(&from.file) {
            return;
        }
        let name = path.join("::");
        // A name that a `use` brings into the file is reported at the `use`.
        let has_use = matches!(
            tree.named(module, &path[0], path.len() > 1),
            Some(Name::Import(_))
        );
        // A macro names the paths that its users see.
        let is_exempt = has_use || path[0] == "$crate";
        for through in through.into_iter().filter(|_| !is_exempt) {
            let facade = &tree.modules[through].file;
            if *facade != from.file && tree.is_inside(module, through) {
                let import = format!("{}: {name} through {facade}", from.file);
                self.through_own_facade.insert(import);
            }
        }
        let to = &tree.modules[target.module()].file;
        let is_only_way = matches!(target, Target::Module(_)) && tree.facades.contains(to);
        if *to != from.file && !is_only_way {
            let arrow = (from.file.clone(), to.clone());
            let names = self.arrows.entry(arrow).or_default();
            names.insert(path.last().cloned().unwrap_or_default());
        }
    }
}

/// The modules of one crate.
#[derive(Default)]
struct Tree {
    modules: Vec<Module>,
    /// Files that only declare modules and re-export their items.
    facades: BTreeSet<String>,
    /// Macros with `#[macro_export]`, which are in the root whatever defines them.
    exported_macros: BTreeMap<String, usize>,
}

struct Module {
    file: String,
    parent: Option<usize>,
    names: BTreeMap<String, Vec<Name>>,
    globs: Vec<Vec<String>>,
    /// All that is named by a path, in `use` declarations and elsewhere.
    paths: BTreeSet<Vec<String>>,
}

/// The meaning of a name in a module.
enum Name {
    Module(usize),
    Item,
    Import(Vec<String>),
}

/// Where a path leads.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    ItemIn(usize),
}

impl Target {
    fn module(self) -> usize {
        match self {
            Self::Module(module) | Self::ItemIn(module) => module,
        }
    }
}

impl Tree {
    fn read(sources: &Sources, root: &str) -> Self {
        let mut tree = Self::default();
        tree.file(sources, root, "", None);
        tree
    }

    /// Adds a file whose child modules are in the folder `children`.
    fn file(
        &mut self,
        sources: &Sources,
        file: &str,
        children: &str,
        parent: Option<usize>,
    ) -> usize {
        let parsed = syn::parse_file(&sources[file]);
        let items = parsed
            .unwrap_or_else(|error| panic!("{file}: {error}"))
            .items;
        let items: Vec<_> = items.into_iter().filter(is_built).collect();
        let only_declares = |item: &Item| {
            matches!(
                item,
                Item::Use(_) | Item::Mod(ItemMod { content: None, .. })
            )
        };
        if items.iter().all(only_declares) {
            self.facades.insert(file.to_owned());
        }
        self.module(sources, file, children, parent, items)
    }

    fn module(
        &mut self,
        sources: &Sources,
        file: &str,
        children: &str,
        parent: Option<usize>,
        items: Vec<Item>,
    ) -> usize {
        let index = self.modules.len();
        self.modules.push(Module {
            file: file.to_owned(),
            parent,
            names: BTreeMap::new(),
            globs: Vec::new(),
            paths: BTreeSet::new(),
        });
        for item in items {
            match item {
                Item::Mod(module) => {
                    let name = plain(&module.ident);
                    let inside = join(children, &name);
                    let child = match module.content {
                        Some((_, items)) => {
                            let items = items.into_iter().filter(is_built).collect();
                            self.module(sources, file, &inside, Some(index), items)
                        }
                        None => match place(sources, file, children, &module) {
                            Some((file, inside)) => self.file(sources, &file, &inside, Some(index)),
                            None => continue,
                        },
                    };
                    self.modules[index].name(name, Name::Module(child));
                }
                Item::Use(item) => {
                    let this = &mut self.modules[index];
                    if item.leading_colon.is_none() {
                        this.import(&item.tree, &mut Vec::new());
                        scan(item.to_token_stream(), &mut this.paths);
                    }
                }
                item => {
                    let this = &mut self.modules[index];
                    scan(item.to_token_stream(), &mut this.paths);
                    if let Some(name) = name_of(&item) {
                        this.name(name.clone(), Name::Item);
                        if attributes(&item)
                            .iter()
                            .any(|it| it.path().is_ident("macro_export"))
                        {
                            self.exported_macros.insert(name, index);
                        }
                    }
                }
            }
        }
        index
    }

    /// Follows a path from a module. `through` collects the modules whose imports it passes, apart
    /// from the first one.
    fn resolve(
        &self,
        from: usize,
        path: &[String],
        through: &mut Vec<usize>,
        steps: usize,
    ) -> Option<Target> {
        if steps > LONGEST_WAY {
            return None;
        }
        let mut at = from;
        for (index, segment) in path.iter().enumerate() {
            let rest = &path[index + 1..];
            match segment.as_str() {
                "crate" | "$crate" => at = 0,
                "self" => {}
                "super" => at = self.modules[at].parent?,
                name => match self.named(at, name, !rest.is_empty()) {
                    Some(Name::Module(module)) => at = *module,
                    Some(Name::Item) => return Some(Target::ItemIn(at)),
                    Some(Name::Import(import)) => {
                        if index > 0 {
                            through.push(at);
                        }
                        match self.resolve(at, import, through, steps + 1)? {
                            Target::Module(module) => at = module,
                            item @ Target::ItemIn(_) => return Some(item),
                        }
                    }
                    None => return self.by_glob(at, &path[index..], index > 0, through, steps),
                },
            }
        }
        Some(Target::Module(at))
    }

    /// A name can stand for a module and for another item. Only a module has a way on.
    fn named(&self, module: usize, name: &str, goes_on: bool) -> Option<&Name> {
        let names = self.modules[module].names.get(name)?;
        let wanted = names
            .iter()
            .find(|name| matches!(name, Name::Module(_)) == goes_on);
        wanted.or_else(|| names.first())
    }

    fn by_glob(
        &self,
        at: usize,
        path: &[String],
        is_on_the_way: bool,
        through: &mut Vec<usize>,
        steps: usize,
    ) -> Option<Target> {
        for glob in &self.modules[at].globs {
            let mut passed = Vec::new();
            if let Some(Target::Module(module)) = self.resolve(at, glob, &mut passed, steps + 1)
                && module != at
                && let Some(found) = self.resolve(module, path, &mut passed, steps + 1)
            {
                if is_on_the_way {
                    through.push(at);
                }
                through.extend(passed);
                return Some(found);
            }
        }
        let exported = self.exported_macros.get(&path[0]);
        exported
            .filter(|_| at == 0)
            .map(|module| Target::ItemIn(*module))
    }

    fn is_inside(&self, module: usize, ancestor: usize) -> bool {
        let mut parents =
            std::iter::successors(Some(module), |module| self.modules[*module].parent);
        parents.any(|parent| parent == ancestor)
    }
}

impl Module {
    fn name(&mut self, name: String, stands_for: Name) {
        self.names.entry(name).or_default().push(stands_for);
    }

    fn import(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(it) => {
                path.push(plain(&it.ident));
                self.import(&it.tree, path);
                path.pop();
            }
            UseTree::Group(it) => it.items.iter().for_each(|tree| self.import(tree, path)),
            UseTree::Glob(_) => self.globs.push(path.clone()),
            UseTree::Name(it) if it.ident == "self" => {
                let name = path.last().cloned().unwrap_or_default();
                self.name(name, Name::Import(path.clone()));
            }
            UseTree::Name(it) => {
                let name = plain(&it.ident);
                let path = [path.clone(), vec![name.clone()]].concat();
                self.name(name, Name::Import(path));
            }
            UseTree::Rename(it) => {
                let mut path = path.clone();
                if it.ident != "self" {
                    path.push(plain(&it.ident));
                }
                self.name(plain(&it.rename), Name::Import(path));
            }
        }
    }
}

/// The file of a module that is declared in `file`, and the folder of its own modules.
fn place(
    sources: &Sources,
    file: &str,
    children: &str,
    module: &ItemMod,
) -> Option<(String, String)> {
    let name = plain(&module.ident);
    if let Some(path) = module.attrs.iter().find_map(path_attribute) {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let file = normal(&join(folder, &path));
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = folder.to_owned();
        return sources.contains_key(&file).then_some((file, folder));
    }
    let inside = join(children, &name);
    let files = [format!("{inside}.rs"), format!("{inside}/mod.rs")];
    let file = files.into_iter().find(|file| sources.contains_key(file))?;
    Some((file, inside))
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(path),
            ..
        }) if pair.path.is_ident("path") => Some(path.value()),
        _ => None,
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The path without `..`.
fn normal(path: &str) -> String {
    let mut normal = PathBuf::new();
    for part in Path::new(path).components() {
        if part == Component::ParentDir {
            normal.pop();
        } else {
            normal.push(part);
        }
    }
    normal.to_str().unwrap().to_owned()
}

/// Whether an item is part of the crate as users build it: not of tests or models.
fn is_built(item: &Item) -> bool {
    let is_test_module = matches!(item, Item::Mod(module) if module.ident == "tests");
    let is_for_tests = |attribute: &Attribute| {
        let condition = attribute.meta.to_token_stream().to_string();
        let words: Vec<_> = condition.split(|c: char| !c.is_alphanumeric()).collect();
        words[0] == "cfg"
            && !words.contains(&"not")
            && (words.contains(&"test") || words.contains(&"loom"))
    };
    !is_test_module && !attributes(item).iter().any(is_for_tests)
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Union(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        Item::Macro(it) => it.ident.as_ref()?,
        Item::Static(it) => &it.ident,
        Item::Struct(it) => &it.ident,
        Item::Trait(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Union(it) => &it.ident,
        _ => return None,
    };
    Some(plain(name))
}

fn plain(name: &proc_macro2::Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// Collects the paths of at least two segments, also paths in macros and in groups of a `use`.
fn scan(tokens: TokenStream, paths: &mut BTreeSet<Vec<String>>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut next = 0;
    while next < tokens.len() {
        match &tokens[next] {
            TokenTree::Ident(word) if word == "pub" => {
                // The path in `pub(in …)` imports nothing.
                next += usize::from(matches!(tokens.get(next + 1), Some(TokenTree::Group(_))));
                next += 1;
            }
            TokenTree::Ident(word) if word == "crate" && is_after_dollar(&tokens, next) => {
                next = path(&tokens, next + 3, &["$crate".to_owned()], paths);
            }
            TokenTree::Ident(_) if !follows(&tokens, next) => {
                next = path(&tokens, next, &[], paths);
            }
            TokenTree::Group(group) => {
                scan(group.stream(), paths);
                next += 1;
            }
            _ => next += 1,
        }
    }
}

/// Whether the token continues the previous token: `.name`, `::name`.
fn follows(tokens: &[TokenTree], at: usize) -> bool {
    let mark = |back: usize| match at.checked_sub(back).map(|at| &tokens[at]) {
        Some(TokenTree::Punct(mark)) => Some(mark.as_char()),
        _ => None,
    };
    match (mark(2), mark(1)) {
        (Some(':'), Some(':')) => true,
        (before, Some('.')) => before != Some('.'),
        _ => false,
    }
}

fn is_after_dollar(tokens: &[TokenTree], at: usize) -> bool {
    at.checked_sub(1)
        .is_some_and(|before| is_mark(tokens.get(before), '$'))
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    is_mark(tokens.get(at), ':') && is_mark(tokens.get(at + 1), ':')
}

fn is_mark(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == wanted)
}

/// Reads the path that begins here, after a prefix; returns where it ends.
fn path(
    tokens: &[TokenTree],
    begin: usize,
    prefix: &[String],
    paths: &mut BTreeSet<Vec<String>>,
) -> usize {
    let mut path = prefix.to_vec();
    let mut next = begin;
    loop {
        match tokens.get(next) {
            Some(TokenTree::Ident(name)) => {
                path.push(plain(name));
                next += 1;
                if !is_colons(tokens, next) {
                    break;
                }
                next += 2;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let tokens: Vec<_> = group.stream().into_iter().collect();
                let trees = tokens.split(|token| is_mark(Some(token), ','));
                for tree in trees.filter(|tree| !tree.is_empty()) {
                    self::path(tree, 0, &path, paths);
                }
                return next + 1;
            }
            // A glob, or arguments of a type.
            _ => break,
        }
    }
    if path.len() > 1 {
        paths.insert(path);
    }
    next
}
