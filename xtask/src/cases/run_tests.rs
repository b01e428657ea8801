use super::*;
use crate::cases::directives::Expectation;
use crate::cases::judge::Verdict;
use crate::qemu::{Ran, Stop};
use protocol::{ArenaUse, Ended, ProgramReport, Unit};

fn trial(value: i32) -> Trial {
    let expect = Expectation::Ends(Ended::Returned(value));
    Trial {
        files: Vec::new(),
        archives: Vec::new(),
        entry: "main".into(),
        args: Vec::new(),
        repeat: 1,
        options: qemu_protocol::Options::default(),
        surroundings: protocol::Surroundings::default(),
        task: protocol::Task::default(),
        verdict: Verdict {
            expect,
            output: String::new(),
            stubs: None,
            taken: vec![],
            source: "".into(),
        },
    }
}

fn report(name: &str, value: i32) -> ProgramReport {
    let arena = ArenaUse {
        name: "text".into(),
        unit: Unit::Bytes,
        size: 9,
        before: 1,
        loaded: 2,
        after: 1,
        in_one_piece: true,
    };
    ProgramReport {
        program: name.into(),
        outcome: protocol::Outcome::Ended(Ended::Returned(value)),
        load_ns: 1,
        objects: Vec::new(),
        arenas: vec![arena],
        modules: Vec::new(),
        soaks: Vec::new(),
        measured: None,
    }
}

/// A machine that runs the programs it is given up to the one called `fatal`, which ends it.
/// Each returns 0.
fn machine(names: &[String], fatal: &str) -> Boot {
    let mut boot = Boot {
        arch: Arch::Aarch64,
        preamble: Vec::new(),
        runtime: None,
        programs: Vec::new(),
        stop: Stop::Done,
        took: Duration::ZERO,
    };
    for name in names {
        let ends_it = name == fatal;
        let report = (!ends_it).then(|| report(name, 0));
        boot.programs.push(Ran { name: name.clone(), output: b"hello\n".to_vec(), report });
        if ends_it {
            boot.stop = Stop::Fault("data abort".into());
            break;
        }
    }
    for ran in &mut boot.programs {
        if ran.report.is_some() {
            ran.output.clear();
        }
    }
    boot
}

fn batch(trials: &[Trial]) -> Batch<'_> {
    let mut batch = Batch::default();
    batch.programs.extend(trials.iter().enumerate());
    batch
}

fn name(number: usize) -> String {
    format!("p{number}")
}

#[test]
fn one_boot_serves_where_nothing_goes_wrong() {
    let trials = [trial(0), trial(1), trial(0)];
    let boots = std::cell::Cell::new(0);
    let judged = run_batch(&batch(&trials), &name, |names, _| {
        boots.set(boots.get() + 1);
        Ok(machine(names, ""))
    });
    let judged = judged.unwrap();
    assert_eq!(boots.get(), 1);
    let good: Vec<(usize, bool)> = judged.iter().map(|(n, result)| (*n, result.is_ok())).collect();
    assert_eq!(good, [(0, true), (1, false), (2, true)]);
}

#[test]
fn a_fault_costs_one_program() {
    let trials = [trial(0), trial(0), trial(0), trial(0)];
    let starts = std::cell::RefCell::new(Vec::new());
    let judged = run_batch(&batch(&trials), &name, |names, _| {
        starts.borrow_mut().push(names[0].clone());
        Ok(machine(names, "p1"))
    });
    let judged = judged.unwrap();
    assert_eq!(*starts.borrow(), ["p0", "p2"]);
    let failed: Vec<usize> =
        judged.iter().filter(|(_, result)| result.is_err()).map(|(number, _)| *number).collect();
    assert_eq!(failed, [1]);
    let why = judged[1].1.as_ref().unwrap_err();
    assert!(why.contains("data abort") && why.contains("hello"), "{why}");
}

#[test]
fn a_machine_that_does_not_come_up_fails_all_and_ends() {
    let trials = [trial(0), trial(0)];
    let judged = run_batch(&batch(&trials), &name, |_, _| {
        let mut boot = machine(&[], "");
        boot.preamble = b"no memory\n".to_vec();
        boot.stop = Stop::Died("exit status 1".into());
        Ok(boot)
    });
    let judged = judged.unwrap();
    assert_eq!(judged.len(), 2);
    for (_, result) in judged {
        let why = result.unwrap_err();
        assert!(why.contains("exit status 1") && why.contains("no memory"), "{why}");
    }
}

#[test]
fn a_runtime_that_is_refused_is_named() {
    let trials = [trial(0)];
    let judged = run_batch(&batch(&trials), &name, |_, _| {
        let mut boot = machine(&[], "");
        let outcome =
            protocol::Outcome::Refused { phase: "place".into(), message: "no room".into() };
        boot.runtime = Some(ProgramReport { outcome, ..report("runtime", 0) });
        Ok(boot)
    });
    let why = judged.unwrap().remove(0).1.unwrap_err();
    assert_eq!(why, "the C runtime was refused in place: no room");
}

#[test]
fn many_failures_are_told_in_few_words() {
    let trials = (0..10).map(|_| trial(0)).collect();
    let test = Test { name: "t".into(), trials, failure: None };
    assert_eq!(told(&test, &[]), None);
    let failures: Vec<(usize, String)> = (0..5).map(|number| (number, "bad".into())).collect();
    let text = told(&test, &failures).unwrap();
    assert_eq!(text, "#0: bad\n#1: bad\n#2: bad\nand 2 more of 10");
}
