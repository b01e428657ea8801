//! Damaged objects, with the option: never a panic, never a write outside of a segment.

use super::*;
use crate::support::random::Random;

#[test]
fn damaged_code_with_the_erratum_does_no_harm() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let code: &[u32] = &[ADRP, SECOND, NOP, LAST];
    let texts = [0x1004, 0x20].map(|size| section(&mut elf, size, &[(0, code)]));
    let variable = variable(&mut elf);
    for text in texts {
        speak(&mut elf, text, [0, 12], variable);
        for (name, offset) in [("$x", 0), ("$d", 0x10), ("$x.1", 0x18)] {
            mapping(&mut elf, name, text, offset);
        }
    }
    let good = elf.build();
    let mut random = Random(843_419);
    let (mut loaded, mut refused) = (0, 0);
    for _ in 0..5_000 {
        let mut damaged = good.clone();
        random.fields(&good, &mut damaged);
        // Of the two, one begins at the end of a page, whatever their sizes have become.
        let manager = manager(TEXT + 0xff0 + 4 * random.below(4) as u64, FAR).limited_to(1 << 20);
        run_with(&[("test.o", &damaged)], &manager, options(), &Imports::default(), &(), |done| {
            match done {
                Ok(module) => {
                    let _ = Image::of(&module);
                    loaded += 1;
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
            }
        });
        assert_eq!(manager.live(), 0);
    }
    assert!(loaded > 500 && refused > 500, "{loaded} loaded, {refused} refused");
}
