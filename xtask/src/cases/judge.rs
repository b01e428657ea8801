//! Whether a program fared as it should.

use std::sync::Arc;

use qemu_protocol::{Ended, Outcome, ProgramReport, Unit};

use super::directives::{Expectation, Refusal};

/// How a program should fare.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its end.
    pub expect: Expectation,
    /// What it prints, all runs together, where it is not refused.
    pub output: String,
    /// How many call stubs it takes, where that matters.
    pub stubs: Option<u32>,
    /// What is taken from archives, and for what, where that matters.
    pub taken: Vec<String>,
    /// The case's source: a result that should be 0 is the number of the line that failed.
    pub source: Arc<str>,
}

impl Verdict {
    /// Compares what came of the program with what should.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn judge(&self, report: &ProgramReport, output: &[u8]) -> Result<(), String> {
        arenas(report)?;
        regions(report)?;
        match (&self.expect, &report.outcome) {
            (Expectation::Any, _) => Ok(()),
            (Expectation::Ends(expected), Outcome::Ended(ended)) if expected == ended => {
                same_output(&self.output, output)?;
                self.same_stubs(report)?;
                self.same_members(report)
            }
            (Expectation::Ends(expected), Outcome::Ended(ended)) => {
                let (ended, expected, printed) = (*ended, *expected, printed(output));
                let check = self.failed_check(expected, ended).unwrap_or_default();
                Err(format!(
                    "it {}, and should have {}{check}{printed}",
                    said(ended),
                    said(expected)
                ))
            }
            (Expectation::Refused(refusal), Outcome::Refused { phase, message }) => {
                refused(refusal, phase, message)?;
                same_output("", output)
            }
            (Expectation::Faults(words), Outcome::Faulted { kind, message, .. }) => {
                let message = format!("{kind}: {message}");
                match words.iter().find(|words| !message.contains(words.as_str())) {
                    Some(missing) => {
                        Err(format!("of its fault, `{missing}` is not said: {message}"))
                    }
                    None => same_output(&self.output, output),
                }
            }
            (Expectation::TimesOut(there), Outcome::TimedOut { place })
                if place.contains(there) =>
            {
                same_output(&self.output, output)
            }
            (Expectation::Refused(_), Outcome::Ended(ended)) => {
                Err(format!("it {}, and should have been refused", said(*ended)))
            }
            (_, Outcome::Refused { phase, message }) => {
                Err(format!("it was refused in {phase}: {message}"))
            }
            (_, Outcome::Faulted { message, .. }) => {
                Err(format!("it faulted: {message}{}", printed(output)))
            }
            (_, Outcome::TimedOut { place }) => {
                Err(format!("its time was over, at {place}{}", printed(output)))
            }
            (Expectation::Faults(_) | Expectation::TimesOut(_), Outcome::Ended(ended)) => {
                Err(format!("it {}, and should not have ended by itself", said(*ended)))
            }
        }
    }
}

impl Verdict {
    fn same_stubs(&self, report: &ProgramReport) -> Result<(), String> {
        let made: u32 = report.objects.iter().map(|object| object.stubs).sum();
        match self.stubs {
            Some(expected) if expected != made => {
                Err(format!("it took {made} call stubs, and should have taken {expected}"))
            }
            _ => Ok(()),
        }
    }

    fn same_members(&self, report: &ProgramReport) -> Result<(), String> {
        let main = report.modules.last();
        let taken = main.into_iter().flat_map(|module| &module.taken);
        let taken: Vec<String> = taken.map(ToString::to_string).collect();
        if self.taken.is_empty() || self.taken == taken {
            return Ok(());
        }
        let [expected, taken] = [&self.taken, &taken].map(|lines| indented(&lines.join("\n")));
        Err(format!("it should have taken\n{expected}\nand took\n{taken}"))
    }

    /// The line of the source whose number the program returned.
    fn failed_check(&self, expected: Ended, ended: Ended) -> Option<String> {
        let (Ended::Returned(0), Ended::Returned(number)) = (expected, ended) else { return None };
        let line = self.source.lines().nth(usize::try_from(number).ok()?.checked_sub(1)?)?;
        Some(format!(" (line {number}: `{}`)", line.trim()))
    }
}

/// Every byte of every arena must have been given back, whatever came of the program.
fn arenas(report: &ProgramReport) -> Result<(), String> {
    if report.arenas.is_empty() {
        return Err("the report says nothing of the arenas".into());
    }
    for arena in &report.arenas {
        if arena.before != arena.after {
            return Err(format!(
                "the {} arena held {} {} before and holds {} after",
                arena.name, arena.before, arena.unit, arena.after
            ));
        }
        if !arena.in_one_piece {
            return Err(format!("what is free of the {} arena is not in one piece", arena.name));
        }
    }
    Ok(())
}

/// The regions of an MPU that the modules' plans told of must be those that were taken.
fn regions(report: &ProgramReport) -> Result<(), String> {
    let regions = || report.modules.iter().flat_map(|module| &module.regions);
    for arena in &report.arenas {
        let Some(name) = arena.name.strip_prefix("MPU ") else { continue };
        let planned: u64 = match arena.unit {
            Unit::Bytes => regions().filter(|r| r.segment == name).map(|r| r.size).sum(),
            Unit::Regions => regions().count() as u64,
        };
        let (taken, unit) = (arena.loaded - arena.before, arena.unit);
        // Of a program that was refused nothing is told.
        if taken != planned && !report.modules.is_empty() {
            return Err(format!(
                "the {name} arena gave {taken} {unit}, and {planned} were planned"
            ));
        }
    }
    Ok(())
}

fn refused(expected: &Refusal, phase: &str, message: &str) -> Result<(), String> {
    if !expected.phases.is_empty() && !expected.phases.iter().any(|expected| expected == phase) {
        let phases = expected.phases.join(" or ");
        return Err(format!("it was refused in {phase} instead of {phases}: {message}"));
    }
    match expected.words.iter().find(|words| !message.contains(words.as_str())) {
        Some(words) => Err(format!("the refusal in {phase} does not say `{words}`: {message}")),
        None => Ok(()),
    }
}

fn same_output(expected: &str, output: &[u8]) -> Result<(), String> {
    if expected.as_bytes() == output {
        return Ok(());
    }
    Err(format!("it should have printed\n{}{}", indented(expected), printed(output)))
}

fn printed(output: &[u8]) -> String {
    if output.is_empty() {
        return "\nand printed nothing".into();
    }
    format!("\nand printed\n{}", indented(&String::from_utf8_lossy(output)))
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

fn said(ended: Ended) -> String {
    match ended {
        Ended::Aborted => "aborted".into(),
        Ended::Exited(code) => format!("exited with {code}"),
        Ended::Returned(value) => format!("returned {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qemu_protocol::{ArenaUse, ModuleReport, ObjectReport, RegionReport, TakenReport};

    fn arena(name: &str, unit: Unit, [before, loaded, after]: [u64; 3]) -> ArenaUse {
        let name = name.into();
        ArenaUse { name, unit, size: 100, before, loaded, after, in_one_piece: true }
    }

    fn report(outcome: Outcome, after: u64) -> ProgramReport {
        let arena = arena("data", Unit::Bytes, [8, 50, after]);
        ProgramReport {
            program: "p".into(),
            outcome,
            load_ns: 1,
            objects: Vec::new(),
            arenas: vec![arena],
            modules: Vec::new(),
            soaks: Vec::new(),
            measured: None,
        }
    }

    fn ends(value: i32, output: &str) -> Verdict {
        Verdict {
            expect: Expectation::Ends(Ended::Returned(value)),
            output: output.into(),
            stubs: None,
            taken: Vec::new(),
            source: "a\n  b;\n".into(),
        }
    }

    fn refuses(phases: &[&str], words: &[&str]) -> Verdict {
        let owned = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect();
        let refusal = Refusal { phases: owned(phases), words: owned(words) };
        Verdict { expect: Expectation::Refused(refusal), ..ends(0, "unused\n") }
    }

    fn expects(expect: Expectation) -> Verdict {
        Verdict { expect, ..ends(0, "x\n") }
    }

    #[test]
    fn faults_are_told_by_their_words() {
        let faulted = |message: &str| {
            let (kind, place, message) = ("k".into(), "p".into(), message.into());
            report(Outcome::Faulted { kind, place, message }, 8)
        };
        let verdict = expects(Expectation::Faults(vec!["a write".into(), "at main".into()]));
        assert_eq!(verdict.judge(&faulted("a write to it at main+0x8"), b"x\n"), Ok(()));
        assert!(
            verdict.judge(&faulted("a write at other"), b"x\n").unwrap_err().contains("at main")
        );
        assert!(verdict.judge(&faulted("a write at main"), b"y\n").is_err());
        let timed_out = || report(Outcome::TimedOut { place: "p+f+0x4".into() }, 8);
        assert!(verdict.judge(&timed_out(), b"x\n").unwrap_err().contains("time was over"));
        assert!(verdict.judge(&returned(0), b"x\n").unwrap_err().contains("by itself"));
        let verdict = expects(Expectation::TimesOut("+f+".into()));
        assert_eq!(verdict.judge(&timed_out(), b"x\n"), Ok(()));
        let elsewhere = expects(Expectation::TimesOut("+g+".into()));
        assert!(elsewhere.judge(&timed_out(), b"x\n").unwrap_err().contains("+f+"));
        assert!(verdict.judge(&faulted("f"), b"x\n").unwrap_err().contains("it faulted: f"));
        assert!(verdict.judge(&returned(0), b"x\n").is_err());
        assert!(ends(0, "").judge(&faulted("f"), b"").is_err());
        assert!(ends(0, "").judge(&timed_out(), b"").is_err());
    }

    fn returned(value: i32) -> ProgramReport {
        report(Outcome::Ended(Ended::Returned(value)), 8)
    }

    fn refused_in(phase: &str, message: &str) -> ProgramReport {
        report(Outcome::Refused { phase: phase.into(), message: message.into() }, 8)
    }

    #[test]
    fn results_and_output_are_compared() {
        assert_eq!(ends(0, "a\n").judge(&returned(0), b"a\n"), Ok(()));
        let error = ends(0, "a\n").judge(&returned(0), b"b\n").unwrap_err();
        assert!(error.contains("should have printed\n    a\nand printed\n    b"), "{error}");
        let error = ends(0, "").judge(&returned(7), b"").unwrap_err();
        assert!(error.starts_with("it returned 7, and should have returned 0"), "{error}");
        let error = ends(0, "").judge(&returned(2), b"").unwrap_err();
        assert!(error.contains("returned 0 (line 2: `b;`)"), "{error}");
    }

    #[test]
    fn stubs_are_counted() {
        let mut report = returned(0);
        report.objects = vec![ObjectReport {
            name: "a.o".into(),
            sections: Vec::new(),
            relocations: Vec::new(),
            got_entries: 5,
            stubs: 2,
        }];
        let expects = |stubs| Verdict { stubs, ..ends(0, "") };
        assert_eq!(expects(None).judge(&report, b""), Ok(()));
        assert_eq!(expects(Some(2)).judge(&report, b""), Ok(()));
        assert!(expects(Some(1)).judge(&report, b"").unwrap_err().contains("took 2 call stubs"));
    }

    #[test]
    fn refusals_are_compared_by_phase_and_words() {
        let refused = refused_in("resolve", "a.o: `f` is undefined");
        assert_eq!(refuses(&["plan", "resolve"], &["f", "a.o"]).judge(&refused, b""), Ok(()));
        assert_eq!(refuses(&[], &[]).judge(&refused, b""), Ok(()));
        let error = refuses(&["parse"], &[]).judge(&refused, b"").unwrap_err();
        assert!(error.contains("resolve instead of parse"), "{error}");
        let error = refuses(&[], &["g"]).judge(&refused, b"").unwrap_err();
        assert!(error.contains("does not say `g`"), "{error}");
        assert!(refuses(&[], &[]).judge(&refused, b"ran").is_err());
    }

    #[test]
    fn running_is_no_refusal_and_the_other_way_round() {
        assert!(refuses(&[], &[]).judge(&returned(0), b"").is_err());
        let error = ends(0, "").judge(&refused_in("plan", "why"), b"").unwrap_err();
        assert!(error.contains("refused in plan: why"), "{error}");
    }

    #[test]
    fn a_leak_fails_whatever_else_is_right() {
        let any = Verdict { expect: Expectation::Any, ..ends(0, "") };
        assert_eq!(any.judge(&returned(3), b"x"), Ok(()));
        let leak = report(Outcome::Ended(Ended::Returned(0)), 16);
        let error = any.judge(&leak, b"").unwrap_err();
        assert!(error.contains("data arena held 8 bytes before and holds 16 after"), "{error}");
        let mut silent = returned(0);
        silent.arenas.clear();
        assert!(any.judge(&silent, b"").is_err());
    }

    #[test]
    fn members_must_be_as_told() {
        let taken = |object: &str, by: &str| TakenReport {
            object: object.into(),
            symbol: "f".into(),
            needed_by: by.into(),
        };
        let mut report = returned(0);
        report.modules = vec![ModuleReport {
            name: "p".into(),
            version: String::new(),
            objects: Vec::new(),
            taken: vec![taken("l.a(m.o)", ""), taken("l.a(n.o)", "l.a(m.o)")],
            needs: Vec::new(),
            links: Vec::new(),
            arenas: Vec::new(),
            regions: Vec::new(),
        }];
        let expects = |lines: &[&str]| {
            let taken = lines.iter().map(|&line| line.to_owned()).collect();
            Verdict { taken, ..ends(0, "") }.judge(&report, b"")
        };
        assert_eq!(expects(&[]), Ok(()));
        let [first, second] = ["l.a(m.o) for `f`, the entry", "l.a(n.o) for `f` of l.a(m.o)"];
        assert_eq!(expects(&[first, second]), Ok(()));
        assert!(expects(&[second, first]).is_err() && expects(&[first]).is_err());
    }

    #[test]
    fn what_is_free_must_be_in_one_piece() {
        let mut report = returned(0);
        report.arenas[0].in_one_piece = false;
        let error = ends(0, "").judge(&report, b"").unwrap_err();
        assert!(error.contains("data arena is not in one piece"), "{error}");
    }

    #[test]
    fn regions_must_be_as_planned() {
        let region = |segment: &str, size| RegionReport { segment: segment.into(), size, waste: 1 };
        let module = ModuleReport {
            name: "p".into(),
            version: String::new(),
            objects: Vec::new(),
            taken: Vec::new(),
            needs: Vec::new(),
            links: Vec::new(),
            arenas: Vec::new(),
            regions: vec![region("text", 32), region("data", 16)],
        };
        let judged = |text, count| {
            let mut report = returned(0);
            report.modules = vec![module.clone()];
            report.arenas.push(arena("MPU text", Unit::Bytes, [0, text, 0]));
            report.arenas.push(arena("MPU region", Unit::Regions, [0, count, 0]));
            ends(0, "").judge(&report, b"")
        };
        assert_eq!(judged(32, 2), Ok(()));
        assert!(judged(64, 2).unwrap_err().contains("text arena gave 64 bytes, and 32 were"));
        assert!(judged(32, 3).unwrap_err().contains("region arena gave 3 regions, and 2 were"));
        assert_eq!(refuses(&[], &[]).judge(&refused_in("place", ""), b""), Ok(()));
    }
}
