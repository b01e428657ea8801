//! Damaged objects: never a panic, never a write outside of a segment, never a byte kept.
//!
//! The mutations are the same on each run. The test's memory manager checks the canaries around
//! each segment when it is freed, and that all come back.

mod compiled;
mod samples;

use loader_core::{
    Compression, DebugSections, Decompress, DecompressError, Keep, PlanOptions, TlsModel,
};

use crate::support::load::run_with;
use crate::support::threads::Client;
use crate::support::{Imports, TestManager};

/// Uncompresses everything to nothing in particular.
struct Nothing;

impl Decompress for Nothing {
    fn decompress(
        &self,
        _: Compression,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<(), DecompressError> {
        to.iter_mut().zip(from.iter().cycle()).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

/// Loads a file that may be damaged, once alone and once with a good one. Whether it is refused
/// does not matter here.
fn survives(file: &[u8], companion: Option<&[u8]>) -> bool {
    let manager = TestManager::new();
    let imports = Imports::of(&[("import", 0x1000_8000), ("far", 0xffff_8000_0000_0000)]);
    let mut files = vec![("damaged.o", file)];
    files.extend(companion.map(|companion| ("good.o", companion)));
    // Either model, relaxed or not, with all sections or not, and for one file always the same.
    let sum = file.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let mut options = PlanOptions::default();
    options.thread_locals = if sum & 1 == 0 { TlsModel::Static } else { TlsModel::Dynamic };
    options.relaxation = sum & 2 == 0;
    options.keep =
        [Keep::All, Keep::Exported, Keep::Named(&["function"])][usize::from(sum) / 4 % 3];
    options.debug = DebugSections::All;
    let client = Client::at(0x40);
    let loaded = run_with(&files, &manager, options, &imports, &client, |loaded| match loaded {
        Ok(mut module) => {
            let resolutions: Vec<_> = module.resolutions().collect();
            for resolution in resolutions {
                module.set_resolved(&resolution, 0x1234.into());
            }
            let _ = (module.thread_locals(), module.exported_thread_locals().count());
            let _ = module.plan().unused_sections().count();
            // What a client would ask of it must not panic either.
            let debug = TestManager::new();
            let _ = module.debug_images(&debug, &Nothing).map(|images| images.count());
            assert_eq!(debug.live(), 0);
            let image = crate::support::Image::of(&module);
            for (_, start, bytes) in &image.segments {
                let _ = module.symbols().count();
                for at in [0, bytes.len() as u64 / 2] {
                    let _ = module.symbol_at((start + at).into());
                }
            }
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let _ = error.phase();
            false
        }
    });
    assert_eq!(manager.live(), 0);
    loaded
}
