//! The job: everything that one boot of the image is to load and run.

use crate::{Deserialize, Options, Serialize, Task, Vec};

/// First bytes of an encoded job.
const MAGIC: &[u8; 8] = b"LDRJOB01";
/// What files' bytes begin at multiples of, so that sections in them are aligned where they are;
/// few ask for more.
const ALIGN: usize = 64;
const PADDING: [u8; ALIGN] = [0; ALIGN];
/// Magic, then the length of the rest as a little-endian `u64`.
const HEADER: usize = 16;

/// What one boot is to do.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Job<'a> {
    /// Objects of the C runtime, loaded together as one module before the first program.
    /// Empty: programs see the image's own exports alone.
    #[serde(borrow)]
    pub runtime: Vec<File<'a>>,
    /// Programs to run, in order, each unloaded before the next.
    #[serde(borrow)]
    pub programs: Vec<Program<'a>>,
}

/// A file handed over, byte for byte.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct File<'a> {
    /// The name to show in reports and errors.
    pub name: &'a str,
    /// Nothing: makes the contents aligned.
    padding: &'a [u8],
    /// Its contents.
    pub bytes: &'a [u8],
}

impl<'a> File<'a> {
    /// The file of this name.
    pub const fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        Self { name, padding: &[], bytes }
    }
}

/// Objects that are linked together, run, and unloaded.
#[derive(Debug, Serialize, Deserialize)]
pub struct Program<'a> {
    /// The name to report under.
    pub name: &'a str,
    /// The objects, which are linked together as its main module.
    #[serde(borrow)]
    pub files: Vec<File<'a>>,
    /// Archives, of which those members become part of the main module that are needed.
    #[serde(borrow)]
    pub archives: Vec<File<'a>>,
    /// Modules that it may need, in an order in which they can be loaded.
    #[serde(borrow)]
    pub modules: Vec<ModuleFiles<'a>>,
    /// Which of the job's objects of the C runtime it is loaded with, by their numbers; none: all.
    pub runtime: Option<Vec<u32>>,
    /// The function to call after the initialisers: `int entry(int argc, char **argv)`.
    pub entry: &'a str,
    /// `argv`, the program's name included.
    pub args: Vec<&'a str>,
    /// How often to load, run and unload it; at least once.
    pub repeat: u32,
    /// What it asks of the loader.
    pub options: Options,
    /// What it finds around it.
    pub surroundings: Surroundings,
    /// What is done with it.
    pub task: Task,
}

/// Objects that are one module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModuleFiles<'a> {
    /// What it is called, where its metadata does not say.
    pub name: &'a str,
    /// The objects.
    #[serde(borrow)]
    pub files: Vec<File<'a>>,
}

/// What a program finds around it; the default is what any program gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// How far from the image its arenas lie, in bytes; 0: in arenas beside the image. The C
    /// runtime is always there.
    pub away: u64,
    /// How far above the image it finds the function `kernel_test_far`, in bytes; 0: 64 GiB. If
    /// neither this nor `away` is 0, both are the same.
    pub far: u64,
    /// Whether its text arena, away from the image, is longer than a call reaches.
    pub long_text: bool,
    /// Which of the machine's harts (processor cores) run it.
    pub harts: Harts,
    /// Which manager places its modules; the C runtime is in the usual arenas. Where `away` is not
    /// 0, there are no others.
    pub manager: ManagerKind,
    /// Whether its thread-local variables come with the first use, instead of in a static block.
    pub dynamic_thread_locals: bool,
    /// How many milliseconds it may run, on the first hart; 0: as long as it likes. With a limit, a
    /// fault ends the program and not the run.
    pub limit_ms: u32,
}

/// Which harts run a program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Harts {
    /// Both at the same time: each loads it for itself, runs it and unloads it.
    Both,
    /// The first loads it, runs it and unloads it.
    #[default]
    First,
    /// The first loads it, the second runs it, the first unloads it.
    Second,
}

/// The core's memory managers, each over memory of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManagerKind {
    /// `ArenaMemoryManager`, with an arena for each kind of segment.
    #[default]
    Arenas,
    /// `FixedMemoryManager`: a place for each kind.
    Fixed,
    /// `MpuMemoryManager`: an arena for each kind, eight regions in all.
    Mpu,
    /// `ArenaMemoryManager::shared`.
    Shared,
}

/// Why the bytes at the job's address are no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobError {
    /// No job was handed over.
    Missing,
    /// The job is longer than the window that holds it.
    Truncated,
    /// The bytes are not an encoded job.
    Malformed,
}

impl<'a> Job<'a> {
    /// The bytes to put at the job's address.
    pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        let packed = postcard::to_allocvec(self)?;
        let mut job = Job::<'_>::packed(&packed)?;
        job.align_files(&packed);
        let body = postcard::to_allocvec(&job)?;
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    fn packed(bytes: &'a [u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }

    /// Gives each file the padding that aligns it; the job borrows from `packed`, which has none.
    fn align_files(&mut self, packed: &[u8]) {
        // In the order in which they lie in the job.
        let programs = self.programs.iter_mut().flat_map(|program| {
            let modules = program.modules.iter_mut().flat_map(|module| &mut module.files);
            program.files.iter_mut().chain(&mut program.archives).chain(modules)
        });
        let mut added = HEADER;
        for file in self.runtime.iter_mut().chain(programs) {
            let at = file.bytes.as_ptr().addr() - packed.as_ptr().addr() + added;
            file.padding = &PADDING[..at.next_multiple_of(ALIGN) - at];
            added += file.padding.len();
        }
    }

    /// Reads the job at the start of `window`; names and files borrow from it.
    ///
    /// # Errors
    /// See [`JobError`].
    pub fn decode(window: &'a [u8]) -> Result<Self, JobError> {
        let header = window.get(..HEADER).ok_or(JobError::Missing)?;
        let (magic, length) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(JobError::Missing);
        }
        let length = length.try_into().map(u64::from_le_bytes).ok();
        let end = length.and_then(|length| usize::try_from(length).ok()?.checked_add(HEADER));
        let body = end.and_then(|end| window.get(HEADER..end)).ok_or(JobError::Truncated)?;
        postcard::from_bytes(body).map_err(|_| JobError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Soak;
    use alloc::vec;

    #[test]
    fn a_job_survives_the_trip() {
        let file = File::new("a.o", &[0x7f, b'E', b'L', b'F']);
        let around = Surroundings {
            away: 3 << 30,
            far: 5,
            long_text: true,
            harts: Harts::Both,
            manager: ManagerKind::Mpu,
            dynamic_thread_locals: true,
            limit_ms: 9,
        };
        let options = Options { erratum_843419: true, gc_sections: true, ..Options::default() };
        let program = Program {
            name: "p",
            files: vec![file],
            archives: vec![file],
            modules: vec![ModuleFiles { name: "m", files: vec![file] }],
            runtime: Some(vec![0]),
            entry: "main",
            args: vec!["p", "x"],
            repeat: 2,
            options,
            surroundings: around,
            task: Task::Soak(Soak { loads: 5, seed: 7 }),
        };
        let mut bytes = Job { runtime: vec![file], programs: vec![program] }.encode().unwrap();
        bytes.resize(bytes.len() + 100, 0xaa);
        let job = Job::decode(&bytes).unwrap();
        assert_eq!(job.runtime.len(), 1);
        assert_eq!(job.programs[0].args, ["p", "x"]);
        assert_eq!(job.programs[0].runtime, Some(vec![0]));
        assert_eq!(job.programs[0].files[0].bytes, file.bytes);
        assert_eq!(job.programs[0].modules[0].files[0].bytes, file.bytes);
        assert_eq!(job.programs[0].repeat, 2);
        assert_eq!(job.programs[0].options, options);
        assert_eq!(job.programs[0].surroundings, around);
        assert_eq!(job.programs[0].task, Task::Soak(Soak { loads: 5, seed: 7 }));
    }

    #[test]
    fn files_are_aligned() {
        let bytes = [vec![1; 100], vec![2; 7], vec![3; 20_000], vec![4; 64], vec![]];
        let files: Vec<File<'_>> = bytes.iter().map(|bytes| File::new("name.o", bytes)).collect();
        let program = |name| Program {
            name,
            files: files.clone(),
            archives: files.clone(),
            modules: vec![ModuleFiles { name: "m", files: files.clone() }],
            runtime: None,
            entry: "main",
            args: vec![],
            repeat: 1,
            options: Options::default(),
            surroundings: Surroundings::default(),
            task: Task::default(),
        };
        let programs = vec![program("one"), program("another")];
        let encoded = Job { runtime: files.clone(), programs }.encode().unwrap();
        let job = Job::decode(&encoded).unwrap();
        let programs = job.programs.iter().flat_map(|program| {
            let objects = program.files.iter().chain(&program.archives);
            objects.chain(program.modules.iter().flat_map(|module| &module.files))
        });
        for (at, file) in job.runtime.iter().chain(programs).enumerate() {
            let offset = file.bytes.as_ptr().addr() - encoded.as_ptr().addr();
            assert!(offset.is_multiple_of(ALIGN), "{offset}");
            assert_eq!(file.bytes, bytes[at % bytes.len()]);
        }
    }

    #[test]
    fn damage_is_named() {
        let bytes = Job::default().encode().unwrap();
        assert_eq!(Job::decode(&[]).unwrap_err(), JobError::Missing);
        assert_eq!(Job::decode(&[0; 64]).unwrap_err(), JobError::Missing);
        assert_eq!(Job::decode(&bytes[..bytes.len() - 1]).unwrap_err(), JobError::Truncated);
    }
}
