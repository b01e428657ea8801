//! Whether the runtime holds together: every symbol that it needs is in it or exported by the
//! image, and none is in it twice but weak ones.

use std::collections::{HashMap, HashSet};
use std::fs;

use anyhow::{Result, bail};

use super::archives::{self, Made};
use crate::archive::{NamedBytes, Symbols};
use crate::selection::by_agent;

/// What the loader itself has for each module that speaks of it.
const OF_THE_LOADER: &[u8] = b"_GLOBAL_OFFSET_TABLE_";

/// Checks the archives `ours` against each other and `helpers`.
///
/// # Errors
/// A symbol is missing or defined twice. The archives are then removed, so that they are made,
/// and checked, again.
pub fn check(ours: &[&Made], helpers: &Made) -> Result<()> {
    let mut members = Vec::new();
    for made in ours {
        members.extend(archives::members(&made.path)?);
    }
    let faults = faults(&members, &archives::members(&helpers.path)?);
    if faults.is_empty() {
        return Ok(());
    }
    for made in ours.iter().filter(|made| made.fresh) {
        // Where it cannot be removed, the fault stays on disk, but has been said.
        drop(fs::remove_file(&made.path));
    }
    bail!("the C runtime does not hold together:\n{}", faults.join("\n"))
}

fn faults(members: &[NamedBytes], helpers: &[NamedBytes]) -> Vec<String> {
    let symbols: Vec<(&str, Symbols)> =
        members.iter().map(|member| (member.name.as_str(), Symbols::of(&member.bytes))).collect();
    let mut defined: HashMap<&[u8], &str> = HashMap::new();
    let mut faults = Vec::new();
    for (member, symbols) in &symbols {
        for name in &symbols.defined {
            let other = defined.insert(name, member);
            if let Some(other) = other.filter(|_| !symbols.weak.contains(name)) {
                faults.push(format!("  {} is in {other} and in {member}", text(name)));
            }
        }
    }
    let helpers: HashSet<Vec<u8>> =
        helpers.iter().flat_map(|member| Symbols::of(&member.bytes).defined).collect();
    for (member, symbols) in &symbols {
        for name in &symbols.undefined {
            let known = defined.contains_key(name.as_slice()) || helpers.contains(name);
            if !known && !by_agent(name) && name != OF_THE_LOADER {
                faults.push(format!("  {member} needs {}, which is nowhere", text(name)));
            }
        }
    }
    faults
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use object::write::{Object, StandardSection, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

    use super::*;

    fn member(name: &str, defined: &[&str], undefined: &[&str]) -> NamedBytes {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::Riscv64, Endianness::Little);
        let text = object.section_id(StandardSection::Text);
        let both = [(defined, SymbolSection::Section(text)), (undefined, SymbolSection::Undefined)];
        for (names, section) in both {
            for name in names {
                object.add_symbol(Symbol {
                    name: name.as_bytes().to_vec(),
                    value: 0,
                    size: 0,
                    kind: SymbolKind::Text,
                    scope: SymbolScope::Dynamic,
                    weak: false,
                    section,
                    flags: SymbolFlags::None,
                });
            }
        }
        NamedBytes { name: name.into(), bytes: object.write().unwrap() }
    }

    #[test]
    fn what_is_missing_or_there_twice_is_named() {
        let members = [
            member("a.o", &["a", "b"], &["kernel_write", "helper"]),
            member("b.o", &["b"], &["a", "lost"]),
        ];
        let helpers = [member("h.o", &["helper"], &["elsewhere"])];
        let faults = faults(&members, &helpers);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("b is in a.o and in b.o"), "{faults:?}");
        assert!(faults[1].contains("b.o needs lost"), "{faults:?}");
    }
}
