//! What peers have to be told of an object's symbols.

use std::path::Path;

use object::{File, Object, ObjectSymbol, SymbolKind};

use super::Run;

/// The names that others have to define, in the order of the file.
pub fn undefined(path: &Path) -> Run<Vec<String>> {
    with(path, |file| {
        let undefined = file.symbols().filter(|symbol| symbol.is_undefined());
        undefined.filter_map(|symbol| named(&symbol)).collect()
    })
}

/// A symbol that can be looked up, a function where there is one.
pub fn defined(path: &Path) -> Run<Option<String>> {
    with(path, |file| {
        let global =
            || file.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition());
        let mut functions = global().filter(|symbol| symbol.kind() == SymbolKind::Text);
        functions.find_map(|symbol| named(&symbol)).or_else(|| global().find_map(|s| named(&s)))
    })
}

fn named<'data>(symbol: &impl ObjectSymbol<'data>) -> Option<String> {
    symbol.name().ok().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn with<T>(path: &Path, read: impl FnOnce(&File<'_>) -> T) -> Run<T> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file = File::parse(bytes.as_slice()).map_err(|error| error.to_string())?;
    Ok(read(&file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::write;
    use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolScope};

    #[test]
    fn functions_come_before_variables() {
        let mut object =
            write::Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let text = object.section_id(write::StandardSection::Text);
        let mut add = |name: &str, kind, section, scope| {
            object.add_symbol(write::Symbol {
                name: name.into(),
                value: 0,
                size: 0,
                kind,
                scope,
                weak: false,
                section,
                flags: SymbolFlags::None,
            });
        };
        let here = write::SymbolSection::Section(text);
        add("hidden", SymbolKind::Text, here, SymbolScope::Compilation);
        add("variable", SymbolKind::Data, here, SymbolScope::Dynamic);
        add("elsewhere", SymbolKind::Text, write::SymbolSection::Undefined, SymbolScope::Unknown);
        let file = tempfile::NamedTempFile::new().unwrap();
        let look = |object: &write::Object<'_>| {
            std::fs::write(&file, object.write().unwrap()).unwrap();
            (undefined(file.path()).unwrap(), defined(file.path()).unwrap())
        };
        let (others, mine) = look(&object);
        assert_eq!((others, mine.as_deref()), (vec!["elsewhere".to_owned()], Some("variable")));
        let mut add = |name: &str, scope| {
            object.add_symbol(write::Symbol {
                name: name.into(),
                value: 0,
                size: 0,
                kind: SymbolKind::Text,
                scope,
                weak: false,
                section: here,
                flags: SymbolFlags::None,
            });
        };
        add("function", SymbolScope::Dynamic);
        assert_eq!(look(&object).1.as_deref(), Some("function"));
    }
}
