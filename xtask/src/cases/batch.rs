//! Which programs share a boot.

use super::libraries::Libraries;
use super::trials::Trial;
use crate::qemu::each;

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
}

/// Divides `programs` into boots. Those that need no C runtime come in boots without one, so that
/// a runtime that does not load fails no other test.
pub fn batches<'t>(
    programs: impl Iterator<Item = (usize, &'t Trial)>,
    libraries: &Libraries,
) -> Vec<Batch<'t>> {
    let (with, without): (Vec<_>, Vec<_>) =
        programs.partition(|(_, trial)| libraries.serve(&trial.linker()));
    let bytes = |(_, trial): &(usize, &Trial)| {
        trial.files.iter().chain(&trial.archives).map(|file| file.bytes.len()).sum()
    };
    let divided = |programs, needs_runtime| {
        let boots = each::divide(programs, bytes, MOST_PROGRAMS, MOST_BYTES);
        boots.into_iter().map(move |programs| Batch { programs, needs_runtime })
    };
    divided(without, false).chain(divided(with, true)).collect()
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
