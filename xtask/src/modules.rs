//! Telling modules apart: an object that carries a name is a module of its own.

use std::collections::HashMap;

use loader_core::{Metadata, Object};

use crate::archive::Symbols;

/// Files by their places: what makes up the main module, and the others, with their names.
#[derive(Debug, Default)]
pub struct Split<'f> {
    /// The objects of the main module.
    pub main: Vec<usize>,
    /// The other modules, those first that others need, be it that notes or symbols say so. The
    /// image orders them by their notes again, and sees to those that need each other.
    pub modules: Vec<(usize, &'f str)>,
}

/// What orders a module.
struct Module<'f> {
    file: usize,
    name: &'f str,
    /// The names of modules that it says it needs.
    needs: Vec<&'f str>,
    symbols: Symbols,
}

/// Tells the objects that carry a name, but for the one that defines `entry`, from the others.
pub fn split<'f>(files: &[(&'f str, &'f [u8])], entry: &str) -> Split<'f> {
    let (mut main, mut modules) = (Vec::new(), Vec::new());
    for (at, (name, bytes)) in files.iter().enumerate() {
        match module(at, name, bytes, entry) {
            Some(module) => modules.push(module),
            None => main.push(at),
        }
    }
    let order = ordered(&modules);
    let modules = order.into_iter().map(|at| (modules[at].file, modules[at].name)).collect();
    Split { main, modules }
}

fn module<'f>(file: usize, name: &'f str, bytes: &'f [u8], entry: &str) -> Option<Module<'f>> {
    let object = [Object::parse(name, bytes).ok()?];
    let metadata = Metadata::of(&object).ok()?;
    let name = metadata.name()?;
    let needs = metadata.dependencies().map(|dependency| dependency.name).collect();
    let symbols = Symbols::of(bytes);
    let is_main = symbols.defined.iter().any(|symbol| symbol == entry.as_bytes());
    (!is_main).then_some(Module { file, name, needs, symbols })
}

/// Those first that others need, by name or by symbol; where they need each other, the loader will
/// say so.
fn ordered(modules: &[Module<'_>]) -> Vec<usize> {
    let by_name: HashMap<&str, usize> =
        modules.iter().enumerate().map(|(at, module)| (module.name, at)).collect();
    let mut by_symbol = HashMap::new();
    for (at, module) in modules.iter().enumerate() {
        module.symbols.defined.iter().for_each(|symbol| {
            by_symbol.entry(symbol.as_slice()).or_insert(at);
        });
    }
    let needs: Vec<Vec<usize>> = modules
        .iter()
        .map(|module| {
            let named = module.needs.iter().filter_map(|name| by_name.get(name));
            let undefined = module.symbols.undefined.iter();
            named.chain(undefined.filter_map(|s| by_symbol.get(s.as_slice()))).copied().collect()
        })
        .collect();
    let mut order = Vec::new();
    let mut seen = vec![false; modules.len()];
    for at in 0..modules.len() {
        visit(at, &needs, &mut seen, &mut order);
    }
    order
}

fn visit(at: usize, needs: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[at], true) {
        return;
    }
    for &needed in &needs[at] {
        visit(needed, needs, seen, order);
    }
    order.push(at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_comes_first() {
        let bytes = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect();
        let module = |name, needs: &[&'static str], defined: &[&str], undefined: &[&str]| Module {
            file: 0,
            name,
            needs: needs.to_vec(),
            symbols: Symbols {
                defined: bytes(defined),
                undefined: bytes(undefined),
                ..Symbols::default()
            },
        };
        let modules = [
            module("top", &["middle"], &[], &["f"]),
            module("middle", &[], &[], &["f", "puts"]),
            module("base", &["gone"], &["f"], &[]),
            module("one", &["other"], &[], &[]),
            module("other", &["one"], &[], &[]),
        ];
        let order = ordered(&modules);
        let names: Vec<_> = order.into_iter().map(|at| modules[at].name).collect();
        assert_eq!(names, ["base", "middle", "top", "other", "one"]);
    }
}
