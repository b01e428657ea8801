//! Several objects: what counts is the definition of a name that counts.

use loader_core::Keep;
use object::elf::*;

use super::{CODE, WRITABLE, builder, loaded, planned, pointing};
use crate::support::lies::Elf;

/// An object whose `root` points to `name`.
fn user(name: &str) -> Elf {
    let mut elf = builder();
    let symbol = elf.undefined(name);
    let root = pointing(&mut elf, ".data.root", WRITABLE, &[symbol]);
    elf.global("root", root, 0);
    elf.build()
}

/// An object that defines `f` in `.text.f`, weak or not, and uses it in its own `.data.own`.
fn definer(weak: bool, byte: u8) -> Elf {
    let mut elf = builder();
    let function = elf.section(".text.f", CODE, &[byte; 8]);
    let f = if weak { elf.weak("f", function, 0) } else { elf.global("f", function, 0) };
    let own = pointing(&mut elf, ".data.own", WRITABLE, &[f]);
    elf.global(&format!("own{byte}"), own, 0);
    elf.build()
}

#[test]
fn the_definition_that_counts_is_kept() {
    let (user, weak, strong) = (user("f"), definer(true, 1), definer(false, 2));
    let [kept, unused] = planned(&[&user, &weak, &strong], Keep::Named(&["root"]));
    assert_eq!(kept, ["0.data.root", "2.text.f"]);
    assert_eq!(unused, ["1.text.f", "1.data.own", "2.data.own"]);
    let files: [(&str, &[u8]); 3] = [("u.o", &user), ("w.o", &weak), ("s.o", &strong)];
    let image = loaded(&files, Keep::Named(&["root"]), &[]);
    assert_eq!(image.field(".data.root", 0, 8), image.exports["f"]);
    assert_eq!(image.section(".text.f"), [2; 8]);
    // The weak object's own use goes there, too.
    let [kept, _] = planned(&[&user, &weak, &strong], Keep::Named(&["own1"]));
    assert_eq!(kept, ["1.data.own", "2.text.f"]);
}

#[test]
fn of_groups_the_first_is_kept_if_any() {
    let inline = |byte: u8| {
        let mut elf = builder();
        let function = elf.section(".text.inline", CODE | SHF_GROUP.0, &[byte; 8]);
        let symbol = elf.weak("inline", function, 0);
        elf.group(symbol, GRP_COMDAT.0, &[function]);
        elf.build()
    };
    let (a, b) = (inline(1), inline(2));
    let [kept, unused] = planned(&[&a, &b, &user("inline")], Keep::Named(&["root"]));
    assert_eq!((kept, unused), (vec!["0.text.inline".into(), "2.data.root".into()], vec![]));
    let [kept, unused] = planned(&[&a, &b, &user("inline")], Keep::Named(&[]));
    assert_eq!((kept, unused), (vec![], vec!["0.text.inline".into(), "2.data.root".into()]));
}

#[test]
fn common_symbols_are_kept_one_by_one() {
    let mut elf = builder();
    let used = elf.common("used", 24, 8);
    elf.common("unused", 4000, 64);
    elf.common("named", 8, 8);
    let root = pointing(&mut elf, ".data.root", WRITABLE, &[used]);
    elf.global("root", root, 0);
    let file = elf.build();
    let mut other = builder();
    let unused = other.common("unused", 5000, 8);
    pointing(&mut other, ".data.unused", WRITABLE, &[unused]);
    let other = other.build();
    for files in [vec![("test.o", &file[..])], vec![("test.o", &file[..]), ("other.o", &other)]] {
        let image = loaded(&files, Keep::Named(&["root", "named"]), &[]);
        assert_eq!(image.segments.len(), 1);
        assert_eq!(image.segments[0].2.len(), 8 + 24 + 8);
        assert_eq!(image.exports.keys().collect::<Vec<_>>(), ["named", "root", "used"]);
        assert_eq!(image.field(".data.root", 0, 8), image.exports["used"]);
        let all = loaded(&files, Keep::Exported, &[]);
        assert_eq!(all.exports.len(), 4);
    }
}

#[test]
fn an_import_of_what_is_left_out_is_not_asked_for() {
    let mut elf = builder();
    let root = elf.section(".data.root", WRITABLE, &[0; 8]);
    elf.global("root", root, 0);
    let import = elf.undefined("import");
    pointing(&mut elf, ".data.unused", WRITABLE, &[import]);
    let other = builder().build();
    let image = loaded(&[("a.o", &elf.build()), ("b.o", &other)], Keep::Named(&["root"]), &[]);
    assert_eq!(image.sections.len(), 1);
}
