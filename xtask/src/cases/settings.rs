//! What all directives of a case come to, for one machine and one compiler.

use qemu_protocol::{Ended, Harts, ManagerKind, Options, Task};

use super::damage::Damage;
use super::directives::{Directive, Expectation, Sentence};

/// What a case says for one machine and one compiler.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    /// Archives to hand over, each with the sources of its members.
    pub archives: Vec<(String, Vec<String>)>,
    /// `argv`, from `argv[1]` on.
    pub args: Vec<String>,
    /// How far from the image the program's arenas lie, in bytes, each for a program; none: beside it.
    pub away: Vec<u64>,
    /// What is done to the case's own object, and what comes of it; empty: nothing.
    pub damages: Vec<(Damage, Sentence)>,
    /// Whether its thread-local variables come with the first use.
    pub dynamic_thread_locals: bool,
    /// The function to call.
    pub entry: String,
    /// How the program fares.
    pub expect: Expectation,
    /// How far above the image `kernel_test_far` is found, each for a program; none: as ever.
    pub far: Vec<u64>,
    /// The sets of flags to compile with; none: the language's usual ones.
    pub flags: Option<Vec<Vec<String>>>,
    /// Which harts run the program.
    pub harts: Harts,
    /// What the objects must hold, in at least one variant.
    pub holds: Vec<String>,
    /// Whether picolibc's own archive is handed over, and the compiler's helpers.
    pub library: bool,
    /// Whether its text arena is longer than a call reaches.
    pub long_text: bool,
    /// Which of the core's managers places it.
    pub manager: ManagerKind,
    /// What the program asks of the loader.
    pub options: Options,
    /// Whether to hand the objects over in the opposite order, too.
    pub both_orders: bool,
    /// What each run prints.
    pub output: String,
    /// How often to load and run it.
    pub repeat: u32,
    /// How many milliseconds it may run; 0: as long as it likes.
    pub limit_ms: u32,
    /// How many call stubs all its objects need together, where that is said.
    pub stubs: Option<u32>,
    /// What the image does with the program.
    pub task: Task,
    /// Whether it is run in user mode as well, where it can be.
    pub twin: bool,
    /// What is taken from archives, and for what, where that is said.
    pub taken: Vec<String>,
    /// Further sources of the program, relative to the case's folder.
    pub with: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            archives: Vec::new(),
            args: Vec::new(),
            away: Vec::new(),
            damages: Vec::new(),
            dynamic_thread_locals: false,
            entry: "main".into(),
            expect: Expectation::Ends(Ended::Returned(0)),
            far: Vec::new(),
            flags: None,
            harts: Harts::default(),
            holds: Vec::new(),
            library: false,
            limit_ms: 0,
            long_text: false,
            manager: ManagerKind::default(),
            options: Options::default(),
            both_orders: false,
            twin: true,
            output: String::new(),
            repeat: 1,
            stubs: None,
            task: Task::default(),
            taken: Vec::new(),
            with: Vec::new(),
        }
    }
}

impl Settings {
    /// Takes account of a directive.
    pub(super) fn take(&mut self, directive: &Directive) {
        match directive {
            Directive::Archs(_) | Directive::Compilers(_) => {}
            Directive::Archive(name, sources) => {
                self.archives.push((name.clone(), sources.clone()));
            }
            Directive::Args(args) => self.args.clone_from(args),
            Directive::Away(distances) => self.away.clone_from(distances),
            Directive::Damage(damage, sentence) => {
                self.damages.push((damage.clone(), sentence.clone()));
            }
            Directive::DynamicThreadLocals => self.dynamic_thread_locals = true,
            Directive::Entry(entry) => self.entry.clone_from(entry),
            Directive::Expect(expect) => self.expect = expect.clone(),
            Directive::Far(distances) => self.far.clone_from(distances),
            Directive::Flags(flags) => {
                self.flags.get_or_insert_default().extend_from_slice(flags);
            }
            Directive::Harts(harts) => self.harts = *harts,
            Directive::Holds(words) => self.holds.extend_from_slice(words),
            Directive::Library => self.library = true,
            Directive::LongText => self.long_text = true,
            Directive::Manager(manager) => self.manager = *manager,
            Directive::NotInUserMode => self.twin = false,
            Directive::Options(options) => self.options = *options,
            Directive::Orders => self.both_orders = true,
            Directive::Output(line) => {
                self.output.push_str(line);
                self.output.push('\n');
            }
            Directive::Limit(limit) => self.limit_ms = *limit,
            Directive::Repeat(times) => self.repeat = *times,
            Directive::Stubs(count) => self.stubs = Some(*count),
            Directive::Task(task) => self.task = *task,
            Directive::Taken(line) => self.taken.push(line.clone()),
            Directive::With(names) => self.with.extend_from_slice(names),
        }
    }
}
