//! The modules of a run: which needs which, who resolved what, and what unloading gave back.

use std::collections::{BTreeMap, HashSet};

use qemu_protocol::{ArenaUse, ModuleReport, TakenReport};

use crate::show;

/// Links of one module that are shown without `--verbose`.
const FEW_LINKS: usize = 24;

/// Shows the modules; there is a main one at the least.
pub(super) fn show_modules(modules: &[ModuleReport], all: bool) {
    let Some(main) = modules.last() else { return };
    show::heading("modules");
    let mut lines = Vec::new();
    tree(modules, main, &mut Vec::new(), &mut HashSet::new(), &mut lines);
    lines.iter().for_each(|line| println!("{line}"));
    show_taken(main, all);
    show_links(modules, all);
    show_memory(modules);
}

/// A module and what it needs, a line each; what has been told already is not told again.
fn tree<'m>(
    modules: &'m [ModuleReport],
    module: &'m ModuleReport,
    open: &mut Vec<bool>,
    told: &mut HashSet<&'m str>,
    lines: &mut Vec<String>,
) {
    let first = told.insert(&module.name);
    let again = if first || module.needs.is_empty() { "" } else { " (as above)" };
    lines.push(format!("{}{}{again}", branches(open), title(module)));
    if !first {
        return;
    }
    for (at, name) in module.needs.iter().enumerate() {
        open.push(at + 1 < module.needs.len());
        match modules.iter().find(|module| module.name == *name) {
            Some(needed) => tree(modules, needed, open, told, lines),
            None => lines.push(format!("{}{name}", branches(open))),
        }
        open.pop();
    }
}

/// What stands before a module in the tree: for each level whether more is to come on it.
fn branches(open: &[bool]) -> String {
    let Some((last, levels)) = open.split_last() else { return String::new() };
    let mut text: String = levels.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    text.push_str(if *last { "├─ " } else { "└─ " });
    text
}

fn title(module: &ModuleReport) -> String {
    let version =
        if module.version.is_empty() { String::new() } else { format!(" {}", module.version) };
    let objects = match module.objects.as_slice() {
        [object] if *object == module.name => String::new(),
        objects if objects.len() > 8 => format!("  ({} objects)", objects.len()),
        objects => format!("  ({})", objects.join(", ")),
    };
    format!("{}{version}{objects}", module.name)
}

/// What was taken from archives, and for what.
fn show_taken(module: &ModuleReport, all: bool) {
    if module.taken.is_empty() {
        return;
    }
    show::heading("taken from archives");
    let shown = if all { module.taken.len() } else { module.taken.len().min(FEW_LINKS) };
    let taken = module.taken.get(..shown).unwrap_or_default();
    let width = taken.iter().map(|taken| taken.object.chars().count()).max().unwrap_or(0);
    for TakenReport { object, symbol, needed_by } in taken {
        let by = if needed_by.is_empty() { ", the entry" } else { " of " };
        println!("{object:width$}  for `{symbol}`{by}{needed_by}");
    }
    let hidden = module.taken.len() - shown;
    if hidden > 0 {
        println!("and {hidden} more (--verbose shows them)");
    }
}

/// Who resolved what: a line for each object and who defines what it needs.
fn show_links(modules: &[ModuleReport], all: bool) {
    let mut table = show::table(&["object", "of module", "needs", "of"]);
    let mut hidden = 0;
    let mut rows = 0;
    for module in modules {
        let mut links = BTreeMap::<(&str, &str), Vec<&str>>::new();
        for link in &module.links {
            let by = match link.resolved_by.as_str() {
                "" => "nobody (weak)",
                by => by,
            };
            links.entry((&link.needed_by, by)).or_default().push(&link.symbol);
        }
        for ((object, by), symbols) in links {
            let shown = if all { symbols.len() } else { symbols.len().min(FEW_LINKS) };
            hidden += symbols.len() - shown;
            rows += 1;
            let names = symbols.get(..shown).unwrap_or_default().join(", ");
            table.add_row([object, &module.name, &names, by]);
        }
    }
    if rows > 0 {
        show::heading("who resolved what");
        println!("{table}");
    }
    if hidden > 0 {
        println!("and {hidden} symbols more (--verbose shows them)");
    }
}

/// What each module took, and what unloading it gave back.
fn show_memory(modules: &[ModuleReport]) {
    show::heading("loading and unloading");
    let mut table =
        show::table(&["module", ">text", ">rodata", ">data", ">given back", "when it was gone"]);
    for module in modules {
        let taken = |arena: &ArenaUse| arena.loaded.saturating_sub(arena.before);
        let kept = |arena: &ArenaUse| arena.after.saturating_sub(arena.before);
        let bytes = |name: &str| {
            let arena = module.arenas.iter().find(|arena| arena.name == name);
            show::number(arena.map_or(0, taken))
        };
        let all: u64 = module.arenas.iter().map(taken).sum();
        let lost: u64 = module.arenas.iter().map(kept).sum();
        let verdict = match lost {
            0 => show::verdict("all arenas as before", true),
            lost => show::verdict(format!("{} bytes are missing", show::number(lost)), false),
        };
        let given = show::number(all.saturating_sub(lost));
        let mut row = vec![comfy_table::Cell::new(&module.name)];
        row.extend([bytes("text"), bytes("rodata"), bytes("data"), given].map(Into::into));
        row.push(verdict);
        table.add_row(row);
    }
    println!("{table}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_tells_each_module_once() {
        let module = |name: &str, version: &str, needs: &[&str]| ModuleReport {
            name: name.into(),
            version: version.into(),
            objects: vec![format!("{name}.o")],
            taken: Vec::new(),
            needs: needs.iter().map(|&name| name.into()).collect(),
            links: Vec::new(),
            arenas: Vec::new(),
            regions: Vec::new(),
        };
        let modules = [
            module("runtime", "", &["the kernel"]),
            module("base", "1.2.0", &["runtime"]),
            module("middle", "", &["base", "runtime"]),
            module("main", "", &["middle", "base"]),
        ];
        let mut lines = Vec::new();
        tree(&modules, &modules[3], &mut Vec::new(), &mut HashSet::new(), &mut lines);
        let expected = [
            "main  (main.o)",
            "├─ middle  (middle.o)",
            "│  ├─ base 1.2.0  (base.o)",
            "│  │  └─ runtime  (runtime.o)",
            "│  │     └─ the kernel",
            "│  └─ runtime  (runtime.o) (as above)",
            "└─ base 1.2.0  (base.o) (as above)",
        ];
        assert_eq!(lines, expected);
    }
}
