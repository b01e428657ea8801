//! Modules as a debugger on this machine sees them: a file for each object that is on the target, in a
//! folder that GDB looks at where the agent passes when something has changed. The target gets none of it.

use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};
use loader_core::{MemoryManager, Module};
use qemu_decompress::Decompressor;

/// What shows modules to a debugger.
#[derive(Debug)]
pub struct Debugger {
    /// Where the files go.
    folder: PathBuf,
    /// The function of the agent that the debugger breaks in.
    function: u64,
    /// How many files there have been: none has the name of an earlier one, which GDB may remember.
    count: Cell<usize>,
    /// Whether the debugger knows less, or more, than what is there.
    has_changed: Rc<Cell<bool>>,
}

/// The files of a module, which go with it.
#[derive(Debug)]
pub struct Shown {
    files: Vec<PathBuf>,
    has_changed: Rc<Cell<bool>>,
}

impl Debugger {
    /// One that puts files into a folder, and has `function` called for the debugger to look there.
    pub fn new(folder: PathBuf, function: u64) -> Self {
        Self { folder, function, count: Cell::new(0), has_changed: Rc::new(Cell::new(false)) }
    }

    /// Shows a module.
    ///
    /// # Errors
    /// Its debug information is damaged, or a file cannot be written.
    pub fn show<M: MemoryManager>(&self, module: &Module<'_, '_, M>) -> Result<Shown> {
        let mut shown = Shown { files: Vec::new(), has_changed: Rc::clone(&self.has_changed) };
        for (number, object) in module.plan().objects().iter().enumerate() {
            let mut image = vec![0; usize::try_from(module.plan().debug_size(number))?];
            if image.is_empty() {
                continue;
            }
            let written = module.write_debug_image(number, &mut image, &Decompressor);
            written.map_err(|error| anyhow!("{error}"))?;
            self.count.set(self.count.get() + 1);
            let name = format!("{}-{}", self.count.get(), plain(&object.name().to_string()));
            let path = self.folder.join(name);
            std::fs::write(&path, image).with_context(|| format!("cannot write {path:?}"))?;
            shown.files.push(path);
            self.has_changed.set(true);
        }
        Ok(shown)
    }

    /// The function to be called before anything else is, where the debugger has something to look at.
    pub fn function_to_call(&self) -> Option<u64> {
        self.has_changed.replace(false).then_some(self.function)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = std::fs::remove_file(file); // where it cannot be, GDB goes on knowing it
        }
        self.has_changed.set(true);
    }
}

/// A name without anything that means something to GDB or in a path.
fn plain(name: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || "._+-".contains(*c);
    name.chars().map(|c| if is_plain(&c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_with_what_is_shown_and_each_change_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let debugger = Debugger::new(folder.path().into(), 0x10);
        assert_eq!(debugger.function_to_call(), None);
        let file = folder.path().join("1-a.o");
        std::fs::write(&file, "").unwrap();
        let has_changed = Rc::clone(&debugger.has_changed);
        drop(Shown { files: vec![file.clone()], has_changed });
        assert!(!file.exists());
        assert_eq!(debugger.function_to_call(), Some(0x10));
        assert_eq!(debugger.function_to_call(), None);
    }

    #[test]
    fn names_are_harmless() {
        assert_eq!(plain("libc.a(printf.o)"), "libc.a-printf.o-");
        assert_eq!(plain("../\"x\" y"), "..--x--y");
    }
}
