use super::*;

fn settings(source: &str) -> Settings {
    Directives::read(source).unwrap().settings(Arch::Aarch64, Compiler::Gcc)
}

fn complaint(source: &str) -> String {
    format!("{:#}", Directives::read(source).unwrap_err())
}

#[test]
fn nothing_said_means_the_usual() {
    let directives = Directives::read("// Words alone.\nint main(void);\n").unwrap();
    assert_eq!(directives.settings(Arch::Aarch64, Compiler::Gcc), Settings::default());
    assert_eq!(directives.archs(), Arch::ALL);
    assert_eq!(directives.compilers(), None);
}

#[test]
fn directives_end_with_the_first_comment() {
    let source = "//! repeat: 3\n// Words.\n//! entry: begin\n\n//! repeat: 4\n";
    let settings = settings(source);
    assert_eq!((settings.repeat, settings.entry.as_str()), (3, "begin"));
}

#[test]
fn lines_of_one_kind_add_up() {
    let settings = settings(
        "//! flags: -O2 -fPIC | -O0\n//! flags: -O3\n//! with: a.c\n//! with: b.c\n\
         //! output: one\n//! output:\n//! output:  two: three\n//! holds: R_A\n//! holds: R_B\n",
    );
    let flags: Vec<Vec<&str>> = vec![vec!["-O2", "-fPIC"], vec!["-O0"], vec!["-O3"]];
    assert_eq!(settings.flags.unwrap(), flags);
    assert_eq!(settings.with, ["a.c", "b.c"]);
    assert_eq!(settings.output, "one\n\n two: three\n");
    assert_eq!(settings.holds, ["R_A", "R_B"]);
}

#[test]
fn empty_flags_are_one_set_of_none() {
    assert_eq!(settings("//! flags:\n").flags.unwrap(), [Vec::<String>::new()]);
}

#[test]
fn a_program_may_ask_something_of_the_loader() {
    assert!(!settings("//! repeat: 1\n").options.erratum_843419);
    assert!(settings("//! options: erratum_843419\n").options.erratum_843419);
    assert!(settings("//! options: gc_sections erratum_843419\n").options.gc_sections);
    assert!(settings("//! options: debug\n").options.debug);
    assert!(settings("//! options: in_place\n").options.in_place);
    assert!(complaint("//! options: erratum\n").contains("erratum_843419"));
}

#[test]
fn a_program_may_be_for_a_task() {
    let task = |text: &str| settings(&format!("//! task: {text}\n")).task;
    assert_eq!(task("soak 200"), Task::Soak(Soak { loads: 200, seed: Soak::SEED }));
    assert_eq!(task("teardown"), Task::Teardown);
    assert_eq!(settings("//! repeat: 1\n").task, Task::Call);
    assert!(complaint("//! task: soak\n").contains("soak N"));
    assert!(complaint("//! task: reload 5\n").contains("`reload`"));
}

#[test]
fn lines_can_be_for_some_machines_and_compilers() {
    let source = "//! repeat: 1\n//! repeat riscv64 x86_64: 2\n//! repeat riscv64 clang: 3\n";
    let directives = Directives::read(source).unwrap();
    let repeat = |arch, compiler| directives.settings(arch, compiler).repeat;
    assert_eq!(repeat(Arch::Aarch64, Compiler::Clang), 1);
    assert_eq!(repeat(Arch::X86_64, Compiler::Clang), 2);
    assert_eq!(repeat(Arch::Riscv64, Compiler::Gcc), 2);
    assert_eq!(repeat(Arch::Riscv64, Compiler::Clang), 3);
}

#[test]
fn a_machine_is_left_out_for_a_reason() {
    let directives = Directives::read("//! arch: riscv64 x86_64; no such relocation\n").unwrap();
    assert_eq!(directives.archs(), [Arch::Riscv64, Arch::X86_64]);
    assert!(complaint("//! arch: riscv64\n").contains("say why"));
    assert!(complaint("//! arch: riscv64; \n").contains("say why"));
}

#[test]
fn expectations() {
    let expect = |text: &str| settings(&format!("//! expect: {text}\n")).expect;
    assert_eq!(expect("returned -3"), Expectation::Ends(Ended::Returned(-3)));
    assert_eq!(expect("exited 3"), Expectation::Ends(Ended::Exited(3)));
    assert_eq!(expect("aborted"), Expectation::Ends(Ended::Aborted));
    assert_eq!(expect("timed out at f"), Expectation::TimesOut("f".into()));
    let faults = expect("faulted at main, write");
    assert_eq!(faults, Expectation::Faults(vec!["at main".into(), "write".into()]));
    assert_eq!(settings("//! limit: 300\n").limit_ms, 300);
    assert!(complaint("//! limit: long\n").contains("milliseconds"));
    assert!(complaint("//! expect: fine\n").contains("returned N"));
    assert!(complaint("//! expect: returned 1 2\n").contains("too many"));
}

#[test]
fn refusals_name_phases_and_words() {
    let refused = |text: &str| match settings(&format!("//! refused: {text}\n")).expect {
        Expectation::Refused(refusal) => (refusal.phases, refusal.words),
        other => panic!("{other:?}"),
    };
    let (phases, words) = refused("plan resolve; some_symbol, section 3");
    assert_eq!(phases, ["plan", "resolve"]);
    assert_eq!(words, ["some_symbol", "section 3"]);
    assert_eq!(refused("*"), (vec![], vec![]));
    assert!(complaint("//! refused: linking\n").contains("no phase"));
    assert!(complaint("//! refused: ; word\n").contains("which phase"));
}

#[test]
fn damage_and_what_comes_of_it() {
    let damages = settings(
        "//! damage: truncate 3 => parse; word\n//! damage: header e_entry = 1 => runs\n\
         //! damage: mutate 5 => any\n",
    )
    .damages;
    let sentences: Vec<&Sentence> = damages.iter().map(|(_, sentence)| sentence).collect();
    let refusal = Refusal { phases: vec!["parse".into()], words: vec!["word".into()] };
    assert_eq!(sentences, [&Sentence::Refused(refusal), &Sentence::Runs, &Sentence::Any]);
    assert!(complaint("//! damage: truncate 3\n").contains("what comes of it"));
}

#[test]
fn arguments_can_hold_spaces() {
    assert_eq!(settings("//! args: one \"two words\" three\n").args, ["one", "two words", "three"]);
    assert!(complaint("//! args: \"open\n").contains("not closed"));
}

#[test]
fn a_mistake_is_told_with_its_line() {
    assert!(complaint("// Words.\n//! flag: -O2\n").contains("line 2: in `flag`: no such"));
    assert!(complaint("//! flags vax: -O2\n").contains("`vax` is neither"));
    assert!(complaint("//! just words\n").contains("KEY: VALUE"));
    assert!(complaint("//! orders: one\n").contains("`both`"));
}

#[test]
fn distances_have_units() {
    let found = settings("//! away: 3 GiB | 1 MiB\n//! far: 2052 MiB\n");
    assert_eq!((found.away, found.far), (vec![3 << 30, 1 << 20], vec![2052 << 20]));
    assert!(complaint("//! away: 3\n").contains("MiB"));
    assert!(complaint("//! far: 3 KiB\n").contains("MiB"));
    assert!(complaint("//! far: 0 GiB\n").contains("nothing"));
}

#[test]
fn thread_local_variables_can_come_late() {
    assert!(!settings("").dynamic_thread_locals);
    assert!(settings("//! thread-locals: dynamic\n").dynamic_thread_locals);
    assert!(complaint("//! thread-locals: static\n").contains("the one value"));
}

#[test]
fn texts_can_be_long() {
    assert!(!settings("").long_text);
    assert!(settings("//! text: long\n").long_text);
    assert!(complaint("//! text: short\n").contains("the one value"));
}

#[test]
fn a_program_may_be_for_another_hart_or_both() {
    assert_eq!(settings("").harts, Harts::First);
    assert_eq!(settings("//! harts: second\n").harts, Harts::Second);
    assert_eq!(settings("//! harts: both\n").harts, Harts::Both);
    assert!(complaint("//! harts: third\n").contains("`both` or `second`"));
}

#[test]
fn a_case_may_keep_out_of_user_mode() {
    assert!(settings("").twin);
    assert!(!settings("//! user: no; it needs the kernel\n").twin);
    assert!(complaint("//! user: no\n").contains("why"));
    assert!(settings("//! options: user\n").options.user);
}

#[test]
fn managers_are_named() {
    assert_eq!(settings("").manager, ManagerKind::Arenas);
    assert_eq!(settings("//! manager: fixed\n").manager, ManagerKind::Fixed);
    assert_eq!(settings("//! manager: mpu\n").manager, ManagerKind::Mpu);
    assert!(complaint("//! manager: heap\n").contains("`arenas`, `fixed`, `mpu` or `shared`"));
}

#[test]
fn archives_have_members_that_are_no_cases() {
    let source = "//! archive: libx.a one.c two.c\n//! archive: empty.a\n//! library: picolibc\n\
                  //! taken: libx.a(one.o) for `f`, the entry\n";
    let found = settings(source);
    let sources = vec!["one.c".to_owned(), "two.c".to_owned()];
    assert_eq!(found.archives, [("libx.a".to_owned(), sources), ("empty.a".to_owned(), vec![])]);
    assert!(found.library);
    assert_eq!(found.taken, ["libx.a(one.o) for `f`, the entry"]);
    let directives = Directives::read(source).unwrap();
    assert_eq!(directives.companions().collect::<Vec<_>>(), ["one.c", "two.c"]);
    assert!(complaint("//! archive:\n").contains("NAME SOURCE"));
    assert!(complaint("//! library: libc\n").contains("`picolibc`"));
}
