//! Which programs share a boot.

use super::libraries::Libraries;
use super::trials::Trial;

/// Bytes of objects in one boot: the image's window for a job has room for more, and needs some.
const MOST_BYTES: usize = 40 << 20;
/// Programs in one boot: few enough that a boot is over in seconds, and that all processors get
/// some.
const MOST_PROGRAMS: usize = 150;

/// Programs that one boot runs, one after another.
#[derive(Debug, Default)]
pub struct Batch<'t> {
    /// The programs, each with a number by which the caller knows it.
    pub programs: Vec<(usize, &'t Trial)>,
    /// Whether any of them needs the C runtime.
    pub needs_runtime: bool,
    bytes: usize,
}

/// Divides `programs` into boots. Those that need no C runtime come in boots without one, so that
/// a runtime that does not load fails no other test.
pub fn batches<'t>(
    programs: impl Iterator<Item = (usize, &'t Trial)>,
    libraries: &Libraries,
) -> Vec<Batch<'t>> {
    let mut open = [Batch::default(), Batch { needs_runtime: true, ..Batch::default() }];
    let mut full = Vec::new();
    for (number, trial) in programs {
        let needs_runtime = libraries.serve(&trial.linker());
        let files = trial.files.iter().chain(&trial.archives);
        let bytes = files.map(|file| file.bytes.len()).sum();
        let [without, with] = &mut open;
        let batch = if needs_runtime { with } else { without };
        if !batch.has_room(bytes) {
            full.push(std::mem::replace(batch, Batch { needs_runtime, ..Batch::default() }));
        }
        batch.programs.push((number, trial));
        batch.bytes += bytes;
    }
    full.extend(open);
    full.retain(|batch| !batch.programs.is_empty());
    full
}

impl Batch<'_> {
    /// Whether `bytes` more fit; a program that fits nowhere gets a batch of its own.
    fn has_room(&self, bytes: usize) -> bool {
        self.programs.is_empty()
            || (self.programs.len() < MOST_PROGRAMS && self.bytes + bytes <= MOST_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use qemu_protocol::Options;

    use super::*;
    use crate::cases::directives::Expectation;
    use crate::cases::judge::Verdict;
    use crate::cases::trials::File;

    fn trial(size: usize) -> Trial {
        let verdict = Verdict {
            expect: Expectation::Any,
            output: String::new(),
            stubs: None,
            taken: vec![],
            source: "".into(),
        };
        let file = File { name: "a.o".into(), bytes: vec![0; size].into() };
        let surroundings = qemu_protocol::Surroundings::default();
        Trial {
            files: vec![file],
            archives: vec![],
            entry: "main".into(),
            args: vec![],
            repeat: 1,
            options: Options::default(),
            surroundings,
            task: qemu_protocol::Task::default(),
            verdict,
        }
    }

    fn sizes(trials: &[Trial]) -> Vec<usize> {
        let batches = batches(trials.iter().enumerate(), &Libraries::NONE);
        batches.iter().map(|batch| batch.programs.len()).collect()
    }

    #[test]
    fn a_batch_holds_so_many_programs() {
        let trials: Vec<Trial> = (0..MOST_PROGRAMS + 1).map(|_| trial(1)).collect();
        assert_eq!(sizes(&trials), [MOST_PROGRAMS, 1]);
        assert_eq!(sizes(&[]), [0; 0]);
    }

    #[test]
    fn a_batch_holds_so_many_bytes() {
        let trials =
            [trial(MOST_BYTES / 2), trial(MOST_BYTES / 2), trial(1), trial(MOST_BYTES + 1)];
        assert_eq!(sizes(&trials), [2, 1, 1]);
    }
}
