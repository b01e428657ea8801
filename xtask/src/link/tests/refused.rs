//! Command lines that make no sense, and objects that cannot be linked so.

use super::*;

#[test]
fn what_nothing_defines_is_told() {
    let folder = Folder::of(&[("a.o", &program(Arch::Aarch64))]);
    let error = folder.link(&["a.o"], "out", &["--place", PLACE]).unwrap_err();
    assert!(!error.is::<UsageError>());
    let words = error.to_string();
    assert!(words.contains("undefined: far (for ") && words.contains("a.o"), "{words}");
    let more = ["--place", PLACE, "--allow-undefined"];
    let out = folder.link(&["a.o"], "out", &more).unwrap();
    let map = read_map(&out.join("map.json"));
    assert_eq!(list(&map["undefined"]), ["far"]);
    assert_eq!(hex(&map["got"][0]["value"]), 0);
    let defined = folder.misused(&["a.o"], &["--place", PLACE, "--define", "start=1"]);
    assert!(defined.contains("--define start") && defined.contains("a.o defines it"), "{defined}");
    let twice = ["--define", "far=1", "--define", "far=2"];
    assert!(folder.misused(&["a.o"], &twice).contains("given twice"));
    let entry = ["--place", PLACE, "--define", "far=0", "--entry", "nowhere"];
    assert!(folder.misused(&["a.o"], &entry).contains("--entry nowhere: nothing defines it"));
}

#[test]
fn places_that_cannot_be_are_told() {
    let mut maker = Maker::new(Arch::X86_64);
    maker.section(".text", SectionKind::Text, &[0x90; 0x100]);
    maker.section(".text.twin", SectionKind::Text, &[0x90; 8]);
    maker.section(".text.twin", SectionKind::Text, &[0x90; 8]);
    maker.section(".data", SectionKind::Data, &[1; 8]);
    maker.section(".tdata", SectionKind::Tls, &[1; 8]);
    let folder = Folder::of(&[("a.o", &maker.0.write().unwrap())]);
    let place = |place: &str| folder.misused(&["a.o"], &["--place", place]);
    let cases: &[(&str, &[&str])] = &[
        ("text=0x1000,rodata=0x2000", &["data has 0x8 bytes, and no address: --place data=0x"]),
        (
            "text=0x1000",
            &[
                "rodata has 0x",
                " bytes, data has 0x8 bytes, and no address: --place rodata=0x…,data=0x…",
            ],
        ),
        ("text=0x1004,rodata=0,data=0", &["text cannot lie at 0x1004: it is aligned to 0x8"]),
        ("text=0x1000,text=0x2000", &["text is placed twice"]),
        ("text=0x1000,rodata=0x2000,data=0x1100", &["text, 0x1000 to 0x1110, and data, 0x1100"]),
        ("text=0xfffffffffffffff8", &["does not fit below 2^64"]),
        ("b.o:.text=0x1000", &["no object is called b.o", "a.o"]),
        ("a.o:.none=0x1000", &["a.o has no section .none that is loaded"]),
        ("a.o:.text.twin=0x1000", &["a.o:.text.twin may be any of", "a.o:#", "name one so"]),
        ("a.o:.tdata=0x1000", &["a.o:.tdata is thread-local"]),
        ("a.o:.text=0x1001", &["a.o:.text cannot lie at 0x1001"]),
        (
            "text=0x1000,rodata=0x2000,data=0x3000,a.o:.data=0x1008",
            &["text, 0x1000 to 0x1110, and a.o:.data, 0x1008 to 0x1010, overlap"],
        ),
    ];
    for (given, words) in cases {
        let told = place(given);
        assert!(words.iter().all(|word| told.contains(word)), "{given}: {told}");
    }
    // By its number, each of the two can be meant.
    let numbers: Vec<_> = place("a.o:.text.twin=0x1000")
        .split("a.o:#")
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
        .collect();
    assert_eq!(numbers.len(), 2);
    let places = format!("text=0x1000,rodata=0x2000,data=0x3000,a.o:#{}=0x4000", numbers[1]);
    folder.link(&["a.o"], "out", &["--place", &places]).unwrap();
    let wrong = ["text", "text=", "text=x", "text=-1", "text=0x", "other=1", ":a=1", "a.o:=1"];
    for wrong in wrong.into_iter().chain(["text=0x1_0000_0000_0000_0000", "text=+1", "text=_"]) {
        let error = folder.link(&["a.o"], "out", &["--place", wrong]).unwrap_err();
        let error = error.downcast::<clap::Error>().unwrap();
        assert_eq!(error.exit_code(), 2, "{wrong}");
    }
    let missing = folder.misused(&["b.o"], &[]);
    assert!(missing.contains("cannot read"), "{missing}");
}
