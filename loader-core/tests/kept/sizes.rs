//! The plan's sizes, to the byte.

use loader_core::{Object, Plan, Scratch, SegmentKind};

use super::*;

/// The sizes of the three segments.
fn sizes(files: &[&[u8]], options: PlanOptions) -> [u64; 3] {
    let objects: Vec<_> = files.iter().map(|file| Object::parse("test.o", file).unwrap()).collect();
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let plan = Plan::with_options(&objects, &mut scratch, options).unwrap();
    SegmentKind::ALL.map(|kind| plan.segment(kind).size)
}

#[test]
fn a_table_takes_what_it_is_documented_to_take() {
    for machine in MACHINES {
        let file = sample(machine).build();
        let other = {
            let mut elf = ElfBuilder::new(machine);
            let text = elf.text(&[0; 4]);
            elf.global("elsewhere", text, 0);
            elf.build()
        };
        for files in [&[&*file][..], &[&file, &other]] {
            let [text, read_only, data] = sizes(files, keeping(Kept::Nothing, false));
            for kept in ALL {
                for lent in [false, true] {
                    let planned = sizes(files, keeping(kept, lent));
                    let table = with(files, keeping(kept, lent), |module| {
                        let segments = module.segments();
                        let given: Vec<_> = segments.map(|s| s.size() as u64).collect();
                        assert_eq!(given, planned);
                        let Some(table) = module.table() else { return 0 };
                        let records = table.symbols().len() as u64;
                        let exports = table.symbols().filter(|s| s.exported).count() as u64;
                        let buckets = if exports == 0 { 0 } else { exports.next_power_of_two() };
                        let names: usize = table.symbols().map(|s| s.name.as_bytes().len()).sum();
                        let names = if lent && files.len() == 1 { 0 } else { names as u64 };
                        8 * 2 + 40 * records + 4 * buckets + names // two finalisers
                    });
                    let start = if table == 0 { read_only } else { read_only.next_multiple_of(8) };
                    let expected = [text, start + table, data];
                    assert_eq!(planned, expected, "{machine:?} {kept:?} {lent}");
                }
            }
        }
    }
}

#[test]
fn a_module_with_nothing_to_keep_takes_nothing_for_it() {
    for machine in MACHINES {
        let mut elf = ElfBuilder::new(machine);
        let text = elf.text(&[0; 4]);
        elf.symbol(SymbolSpec { other: elf::STV_HIDDEN.0, ..SymbolSpec::new("f", text, 0) });
        let file = elf.build();
        for kept in [Kept::Nothing, Kept::Finalisers, Kept::Exports] {
            assert_eq!(sizes(&[&file], keeping(kept, false)), [4, 0, 0], "{kept:?}");
            with(&[&file], keeping(kept, false), |module| {
                if let Some(table) = module.table() {
                    assert_eq!((table.symbols().len(), table.finalisers().count()), (0, 0));
                    assert!(table.get("f".into()).is_none());
                    assert!(table.at(loader_core::TargetAddress::new(u64::MAX)).is_none());
                }
            });
        }
        // Found by its address alone, in no bucket.
        assert_eq!(sizes(&[&file], keeping(Kept::Symbols, false)), [4, 40 + 1, 0]);
        assert_eq!(sizes(&[&file], keeping(Kept::Symbols, true)), [4, 40, 0]);
    }
}
