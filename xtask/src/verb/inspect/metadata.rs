//! What an object says about its module.

use std::collections::BTreeSet;

use loader_core::{Metadata, MetadataError, Object, SymbolPlace, Version};

use crate::show;

/// Shows it, if it says anything; whether its notes can be read.
pub(super) fn show(object: &Object<'_>) -> bool {
    let objects = [*object];
    match rows(&objects) {
        Ok(rows) if rows.is_empty() => true,
        Ok(rows) => {
            let mut table = show::table(&["metadata", "value"]);
            for (what, value) in rows {
                table.add_row([what, &value]);
            }
            println!("{table}");
            true
        }
        Err(error) => {
            println!("its metadata is refused: {error}");
            false
        }
    }
}

/// Everything that is said, and what is said of it.
fn rows<'o>(objects: &[Object<'o>]) -> Result<Vec<(&'static str, String)>, MetadataError<'o>> {
    let metadata = Metadata::of(objects)?;
    let mut rows = Vec::new();
    let once = |name: Option<&str>| name.map(str::to_owned);
    rows.extend(once(metadata.name()).map(|name| ("name", name)));
    if metadata.version() != Version::default() {
        rows.push(("version", metadata.version().to_string()));
    }
    rows.extend(once(metadata.licence()).map(|licence| ("licence", licence)));
    rows.extend(once(metadata.namespace()).map(|namespace| ("namespace", namespace)));
    rows.extend(metadata.uses().map(|namespace| ("uses", namespace.to_owned())));
    rows.extend(
        metadata.dependencies().map(|dependency| {
            ("depends on", format!("{} {}", dependency.name, dependency.versions))
        }),
    );
    let undefined: BTreeSet<_> = objects
        .iter()
        .flat_map(Object::symbols)
        .filter(|(_, symbol)| symbol.place() == SymbolPlace::Undefined)
        .map(|(_, symbol)| symbol.name().as_bytes())
        .collect();
    rows.extend(metadata.parameters().map(|parameter| {
        let (symbol, kind, description) = (parameter.symbol, parameter.kind, parameter.description);
        let colon = if description.is_empty() { "" } else { ": " };
        ("parameter", format!("{symbol} ({kind}){colon}{description}"))
    }));
    rows.extend(metadata.interfaces().map(|interface| {
        let imports = undefined.contains(interface.symbol.as_bytes());
        let how = if imports { "expects of" } else { "exports" };
        ("interface", format!("{how} {} {:#018x}", interface.symbol, interface.hash))
    }));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use loader_core::NoteKind;
    use object::write::{Object as File, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolScope};

    use super::*;

    fn note(kind: NoteKind, descriptor: &[u8]) -> Vec<u8> {
        let words = [12, descriptor.len() as u32, kind.number()];
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend(b"loader-core\0");
        bytes.extend(descriptor);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    /// An object with these notes, which imports `gpio_set`.
    fn object(notes: &[u8]) -> Vec<u8> {
        let mut file = File::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let name = b".note.loader-core".to_vec();
        let section = file.add_section(Vec::new(), name, SectionKind::Note);
        file.append_section_data(section, notes, 4);
        file.add_symbol(Symbol {
            name: b"gpio_set".to_vec(),
            value: 0,
            size: 0,
            kind: object::SymbolKind::Text,
            scope: SymbolScope::Unknown,
            weak: false,
            section: SymbolSection::Undefined,
            flags: SymbolFlags::None,
        });
        file.write().unwrap()
    }

    #[test]
    fn everything_is_shown_in_words() {
        let words =
            |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let notes = [
            note(NoteKind::Name, b"blink"),
            note(NoteKind::Version, &words(&[1, 2, 3])),
            note(NoteKind::Dependency, &[&words(&[1, 0, 0, 2, 0, 0])[..], b"gpio"].concat()),
            note(NoteKind::Parameter, &[&words(&[7])[..], b"rate\0blinks per second"].concat()),
            note(NoteKind::Parameter, &[&words(&[9])[..], b"loud\0"].concat()),
            note(NoteKind::Interface, &[&words(&[0xab, 0])[..], b"gpio_set"].concat()),
            note(NoteKind::Interface, &[&words(&[0, 1])[..], b"blink"].concat()),
            note(NoteKind::Uses, b"hal"),
        ];
        let file = object(&notes.concat());
        let objects = [Object::parse("blink.o", &file).unwrap()];
        let rows = rows(&objects).unwrap();
        let rows: Vec<_> = rows.iter().map(|(what, value)| (*what, value.as_str())).collect();
        let expected = [
            ("name", "blink"),
            ("version", "1.2.3"),
            ("uses", "hal"),
            ("depends on", "gpio >=1.0.0, <2.0.0"),
            ("parameter", "rate (u32): blinks per second"),
            ("parameter", "loud (bool)"),
            ("interface", "expects of gpio_set 0x00000000000000ab"),
            ("interface", "exports blink 0x0000000100000000"),
        ];
        assert_eq!(rows, expected);
        assert!(show(&objects[0]));
    }

    #[test]
    fn damaged_notes_are_told() {
        let file = object(&note(NoteKind::Name, b"a\0b"));
        assert!(!show(&Object::parse("blink.o", &file).unwrap()));
        let file = object(b"");
        assert!(show(&Object::parse("blink.o", &file).unwrap()));
    }
}
