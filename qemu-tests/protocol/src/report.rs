//! The reports: what the image says about each program.

use core::fmt;

use crate::{Deserialize, LoadReport, Serialize, SoakReport, String, Vec};

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// The image is up and has read its job.
    Ready {
        /// The architecture: `aarch64`, `riscv64` or `x86_64`.
        arch: String,
        /// How many programs will follow.
        programs: u32,
    },
    /// The C runtime is loaded, or was refused.
    Runtime(ProgramReport),
    /// What follows on the console is this program's output.
    Start {
        /// [`Program::name`](crate::Program::name).
        program: String,
    },
    /// The program is done and unloaded.
    Done(ProgramReport),
    /// A fault ended the run: nothing follows.
    Fault {
        /// What happened, as the handler printed it.
        message: String,
    },
    /// The whole job is done.
    End,
}

/// How a program fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramReport {
    /// [`Program::name`](crate::Program::name).
    pub program: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Nanoseconds from parse to sealed, of the last load.
    pub load_ns: u64,
    /// Each object, in the order given. Empty where the load was refused.
    pub objects: Vec<ObjectReport>,
    /// The arenas: how much of each this program held, and whether unloading gave it back.
    pub arenas: Vec<ArenaUse>,
    /// The modules, in the order in which they were loaded: the C runtime, what the program needs,
    /// and last its main module. Empty where the load was refused.
    pub modules: Vec<ModuleReport>,
    /// What each hart did, where the program is for a soak.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub soaks: Vec<SoakReport>,
    /// What its load took, where it is loaded to be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<LoadReport>,
}

/// A module of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleReport {
    /// Its name.
    pub name: String,
    /// Its version; empty where it does not say.
    pub version: String,
    /// The names of its objects, in order.
    pub objects: Vec<String>,
    /// Those that were taken from archives, in order, and what for.
    pub taken: Vec<TakenReport>,
    /// The modules that it is linked to, or says it needs.
    pub needs: Vec<String>,
    /// Who resolved what: each symbol that an object needs and does not define. Empty for the C
    /// runtime.
    pub links: Vec<LinkReport>,
    /// The arenas: what it took, and what was in use when it had been unloaded.
    pub arenas: Vec<ArenaUse>,
    /// The regions of an MPU that its segments take, by its plan; empty where it is not placed in
    /// such.
    pub regions: Vec<RegionReport>,
}

/// The region of an MPU that a segment takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionReport {
    /// `text`, `rodata` or `data`.
    pub segment: String,
    /// In bytes: a power of two.
    pub size: u64,
    /// How much of it the segment does not need, in bytes.
    pub waste: u64,
}

/// A member of an archive that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenReport {
    /// The object: `archive(member)`.
    pub object: String,
    /// The symbol of it that was needed.
    pub symbol: String,
    /// The object that was the first to need it; empty where the job did: it is the entry.
    pub needed_by: String,
}

impl fmt::Display for TakenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for `{}`", self.object, self.symbol)?;
        if self.needed_by.is_empty() {
            return f.write_str(", the entry");
        }
        write!(f, " of {}", self.needed_by)
    }
}

/// A symbol that an object needs and does not define.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkReport {
    /// The symbol.
    pub symbol: String,
    /// The object that needs it.
    pub needed_by: String,
    /// The object of the same module, the module, or the kernel that defines it; empty for a weak
    /// symbol that nobody does.
    pub resolved_by: String,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ran.
    Ended(Ended),
    /// Its code faulted, and nothing of it was run any more.
    Faulted {
        /// What kind of fault, in the words of the machine's manual; `stack overflow`.
        kind: String,
        /// Where: `MODULE+SYMBOL+OFFSET`, or the address where it is in no module.
        place: String,
        /// All that is known of it.
        message: String,
    },
    /// It ran for longer than it may.
    TimedOut {
        /// Where it was, as for a fault.
        place: String,
    },
    /// It was never run: the loader refused it.
    Refused {
        /// The phase that refused it: `parse`, `plan`, `place`, `map`, `resolve`, `seal`; `entry`,
        /// `order`, `registry` and `unload`; `task` where a task came upon something that is not as it
        /// should be.
        phase: String,
        /// The error, as its `Display` says it.
        message: String,
    },
}

/// How running code came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The entry returned this.
    Returned(i32),
    /// It called `exit` with this.
    Exited(i32),
    /// It called `abort`.
    Aborted,
}

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectReport {
    /// [`File::name`](crate::File::name).
    pub name: String,
    /// The sections that were placed.
    pub sections: Vec<SectionReport>,
    /// Relocations applied, by type.
    pub relocations: Vec<Count>,
    /// GOT entries that this object was the first to need.
    pub got_entries: u32,
    /// Call stubs that this object was the first to need.
    pub stubs: u32,
}

/// A section and where it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionReport {
    /// Its name.
    pub name: String,
    /// Its index in the section header table.
    pub index: u32,
    /// Its address on the target.
    pub address: u64,
    /// Its size in memory, in bytes.
    pub size: u64,
    /// `text`, `rodata` or `data`; `in place` where it stays in its file.
    pub segment: String,
}

/// A relocation type and how often it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The psABI's name of the type.
    pub name: String,
    /// How often.
    pub count: u32,
}

/// One arena across the life of a program; of an MPU also all its regions, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArenaUse {
    /// `text`, `rodata` or `data`; `shared` for one of all kinds; `region` for an MPU's regions. Before
    /// it what manager it is, where the program has one of its own: `away`, `fixed` or `MPU`.
    pub name: String,
    /// What the numbers count.
    pub unit: Unit,
    /// Its size.
    pub size: u64,
    /// In use before the program was loaded.
    pub before: u64,
    /// In use while it was loaded.
    pub loaded: u64,
    /// In use after it was unloaded, or refused: equal to `before`, or something leaked.
    pub after: u64,
    /// Whether what is free then is in one piece.
    pub in_one_piece: bool,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Regions of a memory protection unit.
    Regions,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Regions => "regions",
        })
    }
}
