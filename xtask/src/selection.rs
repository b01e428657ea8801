//! Choosing members of archives by the core's own `Selection`; and what an image will choose so,
//! foretold: which members a program gets, and what that has it need of others.

use loader_core::{
    Archive, ArchiveError, Binding, LinkInput, Name, Object, Scratch, Selected, Selection,
    SymbolPlace,
};

use crate::archive::{Linker, Symbols};

/// Whether what programs run on has a symbol of this name.
pub type Kernel = fn(&[u8]) -> bool;

/// What the system image exports.
pub fn by_image(name: &[u8]) -> bool {
    by_agent(name) || name.starts_with(b"_Unwind_") || name == b"__tls_get_addr"
}

/// What the system image lets programs in user mode call.
pub fn by_gate(name: &[u8]) -> bool {
    qemu_protocol::GATE.iter().any(|call| call.as_bytes() == name)
}

/// What the agent exports.
pub fn by_agent(name: &[u8]) -> bool {
    name.starts_with(b"kernel_")
}

/// A name and a file's contents.
pub type File<'f> = (&'f str, &'f [u8]);

/// Chooses among `inputs` what is needed for them and for `entry`; nothing is taken that is `provided`
/// by others.
///
/// # Errors
/// A member that is taken cannot be loaded, or an archive is too large.
pub fn choose<'o>(
    inputs: &[LinkInput<'_, 'o>],
    entry: Option<&str>,
    provided: &dyn Fn(Name<'_>) -> bool,
) -> Result<Vec<Selected<'o>>, ArchiveError<'o>> {
    let roots: Vec<_> = entry.into_iter().map(Name::from).collect();
    let mut scratch = vec![Scratch::ZERO; Selection::scratch_len(inputs)?];
    let selection = Selection::new(inputs, &roots, provided, &mut scratch)?;
    Ok(selection.objects().collect())
}

/// A linker that has added what a program is made of: its objects, and the members of its archives
/// that are needed for those and for `entry`. For what `provided` says yes to none is.
///
/// What cannot be loaded is left out: it is for the image to refuse.
pub fn linker(
    objects: &[File<'_>],
    archives: &[File<'_>],
    entry: &str,
    provided: &dyn Fn(&[u8]) -> bool,
) -> Linker {
    let mut linker = Linker::default();
    objects.iter().for_each(|(_, bytes)| linker.add(bytes));
    if !archives.is_empty() {
        members(objects, archives, entry, provided)
            .into_iter()
            .flatten()
            .for_each(|symbols| linker.add_symbols(symbols));
    }
    linker
}

/// The symbols of the members that are chosen.
fn members(
    objects: &[File<'_>],
    archives: &[File<'_>],
    entry: &str,
    provided: &dyn Fn(&[u8]) -> bool,
) -> Option<Vec<Symbols>> {
    let archives = archives.iter().map(|(name, bytes)| Archive::parse(name, bytes).ok());
    let archives: Vec<_> = archives.collect::<Option<_>>()?;
    let objects = objects.iter().map(|(name, bytes)| Object::parse(name, bytes).ok());
    let objects = objects.map(|object| object.map(LinkInput::Object));
    let group = Some(LinkInput::Group(&archives));
    let inputs: Vec<_> = objects.chain([group]).collect::<Option<_>>()?;
    let chosen = choose(&inputs, Some(entry), &|name| provided(name.as_bytes())).ok()?;
    let members = chosen.iter().filter(|chosen| chosen.need.is_some());
    Some(members.map(|chosen| symbols(&chosen.object)).collect())
}

fn symbols(object: &Object<'_>) -> Symbols {
    let mut symbols = Symbols::default();
    for (_, symbol) in object.symbols().filter(|(_, symbol)| symbol.binding() != Binding::Local) {
        let name = symbol.name().as_bytes().to_vec();
        if symbol.place() != SymbolPlace::Undefined {
            symbols.defined.push(name);
        } else if symbol.binding() != Binding::Weak {
            symbols.undefined.push(name);
        }
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::NamedBytes;
    use crate::archive::tests::object;
    use crate::runtime::in_memory;

    #[test]
    fn members_need_what_the_image_will_ask_for() {
        let named = |name: &str, bytes| NamedBytes { name: name.into(), bytes };
        let members = [
            named("one.o", object(&["one"], &["two", "printf"])),
            named("two.o", object(&["two"], &["kernel_write"])),
            named("start.o", object(&["start"], &["one"])),
            named("unused.o", object(&["unused"], &["nowhere"])),
        ];
        let archive = in_memory(&members).unwrap();
        let main = object(&["main"], &["one"]);
        let missing = |objects: &[File<'_>], provided: &dyn Fn(&[u8]) -> bool| {
            let linker = linker(objects, &[("libx.a", &archive)], "start", provided);
            let mut missing: Vec<_> =
                linker.missing().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
            missing.sort();
            missing
        };
        assert_eq!(missing(&[("main.o", &main)], &|_| false), ["kernel_write", "printf"]);
        assert_eq!(missing(&[], &|_| false), ["kernel_write", "printf"], "for the entry");
        assert_eq!(missing(&[], &|name| name == b"one"), ["one"], "it comes from elsewhere");
    }
}
