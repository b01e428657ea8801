//! The images that a debugger is shown: their debug sections as ld.lld relocates them, their symbols
//! where it has them, their sections where these were loaded.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow, ensure};
use loader_core::{MemoryManager, Module};
use object::LittleEndian as LE;
use object::elf::{
    SHF_ALLOC, SHF_GROUP, SHN_ABS, SHN_UNDEF, SHT_PROGBITS, STT_FILE, STT_GNU_IFUNC, STT_SECTION,
    STT_TLS,
};
use object::read::elf::{SectionHeader, Sym};
use qemu_decompress::Decompressor;

use super::compare::Counts;
use super::link::Linked;
use super::relocations::File;
use crate::archive::NamedBytes;

/// How many differences are told.
const TOLD: usize = 20;

/// The images of a module.
#[derive(Debug, Default)]
pub struct Debug {
    /// The debug sections.
    pub sections: Vec<Section>,
    /// The symbols with addresses: their names.
    symbols: Vec<(Vec<u8>, u64)>,
}

/// A debug section, as an image has it.
#[derive(Debug)]
pub struct Section {
    /// The number of its object.
    pub object: usize,
    /// Its number there.
    pub index: u32,
    name: String,
    /// Whether a linker may leave it out for that of another object.
    grouped: bool,
    bytes: Vec<u8>,
}

impl Section {
    /// The name by which a linker gets it. A few say what stands for the address of what is left
    /// out; otherwise it is enough how it begins.
    pub fn linked_name(&self) -> String {
        let Self { object, index, name, .. } = self;
        match name.as_str() {
            ".debug_loc" | ".debug_names" | ".debug_ranges" => name.clone(),
            _ => format!("{name}.{object}.{index}"),
        }
    }

    /// The name of the linker's section that holds it alone.
    pub fn output_name(&self) -> String {
        format!(".debug.{}.{}", self.object, self.index)
    }
}

impl Debug {
    /// Makes the images of a module.
    ///
    /// # Errors
    /// One cannot be made, or is not what it should be.
    pub fn of<M: MemoryManager>(module: &Module<'_, '_, M>, files: &[NamedBytes]) -> Result<Self> {
        let mut all = Self::default();
        let loaded: BTreeMap<(usize, u32), (u64, u64)> = module
            .sections()
            .map(|s| ((s.planned.object, s.planned.index), (s.address.value(), s.planned.size)))
            .collect();
        // A definition that gave way to another has its own place here, and none in a linker's table.
        let gave_way: BTreeSet<(usize, u32)> =
            module.symbols().filter(|s| !s.prevails).map(|s| (s.object, s.index)).collect();
        for (object, file) in files.iter().enumerate() {
            let size = usize::try_from(module.plan().debug_size(object))?;
            let mut image = vec![0xff; size];
            let made = module.write_debug_image(object, &mut image, &Decompressor);
            made.map_err(|error| anyhow!("no image for a debugger: {error}"))?;
            let is_shown = |index| !gave_way.contains(&(object, index));
            all.read(object, &File::parse(&image)?, &File::parse(&file.bytes)?, &loaded, is_shown)?;
        }
        Ok(all)
    }

    fn read(
        &mut self,
        object: usize,
        image: &File<'_>,
        file: &File<'_>,
        loaded: &BTreeMap<(usize, u32), (u64, u64)>,
        is_shown: impl Fn(u32) -> bool,
    ) -> Result<()> {
        let mut grouped = BTreeSet::new();
        for (index, section) in file.sections.enumerate() {
            if section.sh_flags(LE).0 & SHF_GROUP.0 != 0 {
                grouped.insert(index.0);
            }
        }
        for (at, section) in image.sections.enumerate() {
            let index = u32::try_from(at.0)?;
            let name = image.section_name(index);
            if let Some(&(address, size)) = loaded.get(&(object, index)) {
                let shown = (section.sh_addr(LE), section.sh_size(LE));
                ensure!(shown == (address, size), "{name} is shown at {shown:#x?}");
            }
            let allocated = section.sh_flags(LE).0 & SHF_ALLOC.0 != 0;
            if section.sh_type(LE) != SHT_PROGBITS || allocated {
                continue;
            }
            let bytes = section.data(LE, image.bytes).context("contents outside the image")?;
            let grouped = grouped.contains(&at.0);
            self.sections.push(Section { object, index, name, grouped, bytes: bytes.to_vec() });
        }
        for (index, symbol) in (0u32..).zip(image.symbols.iter()) {
            let (kind, place) = (symbol.st_type(), symbol.st_shndx(LE));
            let name = image.symbols.symbol_name(LE, symbol)?;
            let special = [STT_FILE, STT_GNU_IFUNC, STT_SECTION, STT_TLS].contains(&kind);
            let elsewhere = [SHN_ABS, SHN_UNDEF].contains(&place);
            if special || elsewhere || name.is_empty() || !is_shown(index) {
                continue;
            }
            let section = image.sections.section(object::SectionIndex(place.0.into()));
            if section.is_ok_and(|section| section.sh_flags(LE).0 & SHF_ALLOC.0 != 0) {
                self.symbols.push((name.to_vec(), symbol.st_value(LE)));
            }
        }
        Ok(())
    }

    /// Compares the images with what ld.lld made.
    pub fn compare(&self, linked: &Linked, counts: &mut Counts) -> Vec<String> {
        let mut differences = Vec::new();
        for section in &self.sections {
            let Section { object, index, name, grouped, bytes } = section;
            let place = format!("object {object}: section {index} {name}");
            let theirs = linked.sections.get(&section.output_name());
            let Some(theirs) = theirs.map(|section| section.bytes.as_slice()) else {
                if !(*grouped || bytes.is_empty()) {
                    differences.push(format!("{place}: ld.lld leaves it out"));
                }
                continue;
            };
            counts.sections += 1;
            counts.debug_bytes += bytes.len();
            if bytes.len() != theirs.len() {
                let (ours, theirs) = (bytes.len(), theirs.len());
                differences.push(format!("{place}: {ours} bytes; ld.lld: {theirs}"));
            }
            if let Some(at) = bytes.iter().zip(theirs).position(|(ours, theirs)| ours != theirs) {
                let [ours, theirs] =
                    [bytes, theirs].map(|bytes| &bytes[at..bytes.len().min(at + 8)]);
                differences.push(format!("{place}+{at:#x}: {ours:02x?}; ld.lld: {theirs:02x?}"));
            }
        }
        let theirs: BTreeSet<(&[u8], u64)> =
            linked.symbols.iter().map(|(name, _, address)| (name.as_slice(), *address)).collect();
        for (name, address) in &self.symbols {
            counts.symbols += 1;
            if !theirs.contains(&(name.as_slice(), *address)) {
                let name = String::from_utf8_lossy(name);
                differences.push(format!("a debugger is shown {name} at {address:#x}"));
            }
        }
        differences.truncate(TOLD);
        differences
    }
}
