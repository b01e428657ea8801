//! Modules on a target: load, call, unload.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, bail, ensure};
use loader_core::{
    ArenaMemoryManager, Binding, DebugSections, Export, ExportTable, Kept, LoadRequest, Metadata,
    ModuleId, Name, Registry, RegistryError, RegistryMemory, RemoteMemoryManager, Scratch,
    StaticArena, TargetAddress, TlsModel, UnprotectedPlatform,
};
use target_common::{Causes, causes};

use super::call::{Argument, Call};
use super::choose;
use super::debugger::{Debugger, Shown};
use super::ended::Ended;
use super::link::{CallEnd, Fault, Link};
use super::target::Target;
use super::threads::{Block, StaticBlocks};
use super::wanted::{SectionPlace, Wanted};
use crate::arch::Arch;

/// Where modules are written before they are sent.
type Local = ArenaMemoryManager<UnprotectedPlatform>;
type Manager = RemoteMemoryManager<&'static Local, Target>;
type Modules = Registry<'static, 'static, &'static Manager>;

/// How many modules there can be in a session, and nodes for their exports.
const MODULES: usize = 64;
const NODES: usize = 16384;
/// Bytes for the modules of all sessions at a time.
const ARENA: usize = 128 << 20;

/// A module that is loaded.
#[derive(Debug)]
pub struct Loaded {
    id: ModuleId,
    /// What it is called.
    pub name: String,
    /// Whether it is a part of the C runtime.
    pub is_runtime: bool,
    /// The objects that it is made of.
    pub objects: Vec<String>,
    /// Its sections.
    pub sections: Vec<SectionPlace>,
    /// To be called before anything else in it.
    pub initialisers: Vec<TargetAddress>,
    /// To be called last.
    pub finalisers: Vec<TargetAddress>,
    /// The function that was asked for, which need not be an export.
    pub entry: Option<TargetAddress>,
    /// Its thread-local variables.
    threads: Option<Block>,
    /// What a debugger knows of it.
    shown: Option<Shown>,
}

/// Takes what programs print.
pub type Console = Box<dyn FnMut(&[u8])>;

/// What is on one target.
pub struct Session {
    link: Rc<RefCell<Link>>,
    manager: &'static Manager,
    modules: Modules,
    loaded: Vec<Loaded>,
    console: RefCell<Console>,
    debugger: Option<Debugger>,
    arch: Arch,
}

impl Session {
    /// A session over a link, with nothing loaded.
    ///
    /// # Errors
    /// The target exports more than there is room for.
    pub fn new(link: Link, console: Console) -> Result<Self> {
        let arch = link.arch();
        // A session has its memory for as long as this program runs, which has one, or a few.
        let mut exports: Vec<Export> = link
            .exports()
            .iter()
            .map(|(name, address)| {
                let name: &'static str = Box::leak(name.clone().into_boxed_str());
                Export::new(name, std::ptr::without_provenance(*address as usize))
            })
            .collect();
        exports.sort_by_key(Export::name);
        let table = ExportTable::new(exports.leak());
        let table = table.context("the target exports a name twice")?;
        let link = Rc::new(RefCell::new(link));
        let manager = RemoteMemoryManager::new(local()?, Target::new(Rc::clone(&link)));
        let manager: &'static Manager = Box::leak(Box::new(manager));
        let memory: &'static RegistryMemory<'static, &'static Manager, MODULES, NODES> =
            Box::leak(Box::new(RegistryMemory::new()));
        let modules = memory.registry(table).map_err(|error| anyhow!("{error}"))?;
        Ok(Self {
            link,
            manager,
            modules,
            loaded: Vec::new(),
            console: RefCell::new(console),
            debugger: None,
            arch,
        })
    }

    /// The same, with modules that a debugger knows of.
    pub fn debugged(mut self, debugger: Option<Debugger>) -> Self {
        self.debugger = debugger;
        self
    }

    /// The target's machine.
    pub const fn arch(&self) -> Arch {
        self.arch
    }

    /// The link to the target.
    pub fn link(&self) -> std::cell::RefMut<'_, Link> {
        self.link.borrow_mut()
    }

    /// The modules that are loaded, in the order in which they were.
    pub fn loaded(&self) -> &[Loaded] {
        &self.loaded
    }

    /// Loads a module, sends it to the target, and has IFUNCs resolved there. Its initialisers are
    /// not called; where it stands among [`loaded`](Self::loaded) ones.
    ///
    /// # Errors
    /// It is refused, or the target is lost; nothing of it is left then.
    pub fn load(&mut self, wanted: &Wanted<'_>) -> Result<usize> {
        let objects = {
            let reader = self.modules.reader();
            choose::choose(wanted, &|name| reader.lookup(name).is_some())?
        };
        let mut options = wanted.options;
        options.kept = Kept::Symbols; // a fault names the function
        if self.debugger.is_some() {
            options.debug = DebugSections::All;
        }
        // The target has one thread pointer, and code counts from it.
        let has_threads =
            wanted.has_threads && self.loaded.iter().all(|loaded| loaded.threads.is_none());
        options.thread_locals = if has_threads { TlsModel::Static } else { TlsModel::None };
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let blocks = StaticBlocks(self.arch);
        let own = Metadata::of(&objects).ok().and_then(|metadata| metadata.name());
        let own = own.filter(|_| wanted.keeps_name).map(str::to_owned);
        let name = own.unwrap_or_else(|| wanted.name.to_owned());
        let mut request = LoadRequest::new(&objects, &mut scratch)
            .with_options(options)
            .with_thread_locals(&blocks)
            .named(&name);
        if wanted.is_program {
            request = request.exporting_to("program");
        }
        let mut module =
            self.modules.load(request, self.manager).map_err(|error| self.refused(&error))?;
        let shown = match &self.debugger {
            Some(debugger) => Some(debugger.show(&module)?),
            None => None,
        };
        let resolutions: Vec<_> = module.resolutions().collect();
        for resolution in resolutions {
            let address = match self.call_address(resolution.resolver.value(), [0; 6])? {
                Ended::Returned(address) => address,
                other => bail!("the resolver of {} ended otherwise: {other:?}", resolution.name),
            };
            self.link().write(resolution.slot.value(), &address.to_le_bytes())?;
            module.set_resolved(&resolution, address.into());
        }
        let entry = match wanted.entry {
            Some(entry) => {
                let hidden = || {
                    let mut symbols = module.symbols();
                    let found = symbols.find(|s| {
                        s.symbol.binding() != Binding::Local && s.symbol.name() == Name::from(entry)
                    });
                    found.map(|symbol| symbol.address)
                };
                let found = module.symbol(entry).or_else(hidden);
                Some(found.with_context(|| format!("no object defines `{entry}`"))?)
            }
            None => None,
        };
        let sections = module.sections().map(|section| SectionPlace {
            object: objects[section.planned.object].name().to_string(),
            name: section.planned.section.name().to_string(),
            segment: section.planned.segment.name(),
            address: section.address.value(),
            size: section.planned.size,
        });
        let sections = sections.collect();
        let (initialisers, finalisers) =
            (module.initialisers().collect(), module.finalisers().collect());
        let threads = match module.thread_locals() {
            Some(image) => Some(Block::new(self.arch, &mut self.link(), image)?),
            None => None,
        };
        let id = module.publish();
        self.loaded.push(Loaded {
            id,
            name,
            is_runtime: wanted.is_runtime,
            objects: objects.iter().map(|object| object.name().to_string()).collect(),
            sections,
            initialisers,
            finalisers,
            entry,
            threads,
            shown,
        });
        Ok(self.loaded.len() - 1)
    }

    /// Calls what has been read from text; strings live on the target for as long as the call.
    ///
    /// # Errors
    /// Nothing loaded defines the function, or the target is lost.
    pub fn call(&self, call: &Call) -> Result<Ended> {
        let found = self.address(&call.function);
        let function = found.with_context(|| format!("nothing defines `{}`", call.function))?;
        let mut arguments = [0; 6];
        ensure!(call.arguments.len() <= arguments.len(), "a call has six arguments at the most");
        let mut strings = Vec::new();
        for (to, argument) in arguments.iter_mut().zip(&call.arguments) {
            *to = match argument {
                Argument::Number(value) => *value,
                Argument::Text(text) => {
                    let mut bytes = text.clone().into_bytes();
                    bytes.push(0);
                    let address = self.put(&bytes)?;
                    strings.push((address, bytes.len() as u64));
                    address
                }
            };
        }
        let ended = self.call_address(function, arguments)?;
        for (address, size) in strings {
            self.link().release(address, size)?;
        }
        Ok(ended)
    }

    /// Calls the function at an address.
    ///
    /// # Errors
    /// The target is lost.
    pub fn call_address(&self, function: u64, arguments: [u64; 6]) -> Result<Ended> {
        self.tell_debugger()?;
        let mut console = self.console.borrow_mut();
        let end = self.link.borrow_mut().call(function, arguments, &mut *console)?;
        Ok(match end {
            CallEnd::Returned(value) => Ended::Returned(value),
            CallEnd::Exited(code) => Ended::Exited(code),
            CallEnd::Aborted => Ended::Aborted,
            CallEnd::Fault(fault) => Ended::Fault(self.describe(&fault)),
        })
    }

    /// Has the debugger, where there is one, look at which modules there are now, if that has changed.
    fn tell_debugger(&self) -> Result<()> {
        if let Some(function) = self.debugger.as_ref().and_then(Debugger::function_to_call) {
            self.link.borrow_mut().call(function, [0; 6], |_| ())?;
        }
        Ok(())
    }

    /// Puts bytes into memory of their own on the target.
    ///
    /// # Errors
    /// There is no room, or the target is lost.
    pub fn put(&self, bytes: &[u8]) -> Result<u64> {
        let mut link = self.link();
        let address = link.reserve(bytes.len().max(1) as u64, 16)?;
        link.fill(address, bytes)?;
        Ok(address)
    }

    /// Calls a module's finalisers, and unloads it.
    ///
    /// # Errors
    /// Others need it, there is none of this name, or the target is lost.
    pub fn unload(&mut self, name: &str) -> Result<Vec<Ended>> {
        let at = self.loaded.iter().position(|module| module.name == name);
        let at = at.with_context(|| format!("no module is called {name}"))?;
        let finalisers = self.loaded[at].finalisers.clone();
        // First whether it may go at all: what it has once torn down does not come back.
        let dependents = {
            let reader = self.modules.reader();
            reader.get(self.loaded[at].id).map_or(0, |info| info.dependents)
        };
        ensure!(dependents == 0, "{name} is needed by {dependents} others");
        let mut ended = Vec::new();
        for finaliser in finalisers {
            ended.push(self.call_address(finaliser.value(), [0; 6])?);
        }
        self.discard(at)?;
        Ok(ended)
    }

    /// Unloads a module whose finalisers have been called, or are not to be.
    ///
    /// # Errors
    /// Others need it, or the target is lost.
    pub fn discard(&mut self, at: usize) -> Result<()> {
        let id = self.loaded[at].id;
        let leaving = self.modules.unload(id).map_err(|error| anyhow!("{error}"))?;
        let mut module = self.loaded.remove(at);
        // A debugger takes its breakpoints out of memory that is still the module's.
        module.shown = None;
        let told = self.tell_debugger();
        leaving.finish();
        if let Some(block) = module.threads {
            block.release(&mut self.link())?;
        }
        told?;
        match self.manager.target().take_failure() {
            Some(failure) => Err(failure.context("the target has not taken its memory back")),
            None => Ok(()),
        }
    }

    /// The symbols of a module that has names for them, by address.
    pub fn symbols(&self, module: &Loaded) -> Vec<(u64, String)> {
        let reader = self.modules.reader();
        let table = reader.get(module.id).and_then(|info| info.symbols);
        let symbols = table.iter().flat_map(|table| table.symbols());
        let mut all: Vec<_> =
            symbols.map(|symbol| (symbol.address.value(), symbol.name.to_string())).collect();
        all.sort();
        all
    }

    /// The address of what somebody exports, or of an entry.
    pub fn address(&self, name: &str) -> Option<u64> {
        let entry = self.loaded.iter().rev().find_map(|module| {
            let reader = self.modules.reader();
            let symbols = reader.get(module.id)?.symbols?;
            symbols.get(name.into()).map(|symbol| symbol.address.value())
        });
        let exported = || self.modules.reader().lookup(name).map(|found| found.address.value());
        entry.or_else(exported)
    }

    fn refused(&self, error: &RegistryError<'_>) -> anyhow::Error {
        let error = anyhow!("{error}");
        match self.manager.target().take_failure() {
            Some(failure) => failure.context(error),
            None => error,
        }
    }

    fn describe(&self, fault: &Fault) -> String {
        let causes: Causes = match self.arch {
            Arch::Aarch64 => causes::AARCH64,
            Arch::Riscv64 => causes::RISCV64,
            Arch::X86_64 => causes::X86_64,
        };
        let Fault { cause, pc, value, return_address } = *fault;
        let [at, used, back] = [pc, value, return_address].map(|word| word as usize);
        let raw = target_common::Fault::told(cause, at, used, back);
        let mut text = raw.described(&causes).to_string();
        let reader = self.modules.reader();
        for (before, address) in [(", in", pc), (", called from", return_address)] {
            let Some(place) = reader.find(address.into()) else { continue };
            text += &format!("{before} module {}", place.module);
            if let Some((symbol, offset)) = place.symbol {
                text += &format!(" at {}+{offset:#x}", symbol.name);
            }
        }
        text
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The manager, which lives on, has the link, too.
        self.link.borrow_mut().close();
    }
}

/// The memory that modules are written to, for all sessions.
fn local() -> Result<&'static Local> {
    static MEMORY: StaticArena<ARENA> = StaticArena::new();
    static LOCAL: OnceLock<Option<Local>> = OnceLock::new();
    let local = LOCAL.get_or_init(|| {
        MEMORY.take().map(|arena| ArenaMemoryManager::shared(arena, 16, UnprotectedPlatform))
    });
    local.as_ref().context("the memory for modules is taken")
}
