// What a call reaches, halved: in four sections, as stubs lie between sections. They take no room in
// the file.
#if defined(__aarch64__)
        .set size, 16 << 20
#else
        .set size, 256 << 20
#endif
        .section .text.filler.1, "ax", %nobits
        .skip size
        .section .text.filler.2, "ax", %nobits
        .skip size
        .section .text.filler.3, "ax", %nobits
        .skip size
        .section .text.filler.4, "ax", %nobits
        .skip size
        .section .note.GNU-stack, "", %progbits
