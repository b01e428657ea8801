/* Each error: its code, and a message that names the place. Objects for all machines are loaded, which takes
 * no machine to run them. */
#include "support.h"

#include <elf.h>

/* How far a load is to go, and with what. */
struct way {
    const char *object;
    enum loader_status status;
    const char *message;
    uint32_t flags, thread_locals;
    uint64_t question; /* where it is; 0: nowhere */
    uint64_t text;     /* where text is mapped to; 0: where it is */
};

static struct known known[] = {{"question", 0}, {"nobody", 0}};

/* A variable in a block that every thread has somewhere else. */
static int variable(void *context, const char *name, size_t length, struct loader_tls_variable *to)
{
    (void)context;
    CHECK(length == 8 && memcmp(name, "variable", 8) == 0);
    to->location.module = 1;
    return 1;
}

/* Loads one object until it is refused. */
static enum loader_status load(struct loader *loader, struct pages *pages, const struct way *way)
{
    struct known_symbols symbols = {known, way->question ? (size_t)2 : (size_t)0, 0};
    struct loader_resolver resolver = known_resolver(&symbols);
    struct loader_memory_manager manager = pages_manager(pages);
    struct loader_thread_locals threads = {NULL, NULL, variable, NULL};
    struct loader_options options;
    known[0].address = known[1].address = way->question;
    memset(&options, 0, sizeof options);
    options.flags = way->flags;
    options.thread_locals = way->thread_locals;
    enum loader_status status = loader_plan(loader, &options, room.scratch, sizeof room.scratch);
    if (status == LOADER_STATUS_OK)
        status = loader_place(loader, &manager);
    if (status == LOADER_STATUS_OK && way->text)
        status = loader_map_segment_address(loader, LOADER_SEGMENT_KIND_TEXT, way->text);
    if (status == LOADER_STATUS_OK)
        status = loader_resolve(loader, &resolver, &threads);
    if (status == LOADER_STATUS_OK)
        status = loader_seal(loader);
    return status;
}

/* After an error, all memory is back, and the loader can plan again. */
static void expect_nothing_left(struct loader *loader, struct pages *pages)
{
    enum loader_phase phase;
    OK(loader_phase(loader, &phase));
    CHECK(phase == LOADER_PHASE_OBJECTS && pages->live == 0);
    OK(loader_delete(loader));
}

#define FAR ((uint64_t)1 << 40)

static const struct way ways[] = {
    {"section.x86_64.o", LOADER_STATUS_SECTION, "section.x86_64.o: section 3 `both`", 0, 0, 1, 0},
    {"too_large.x86_64.o", LOADER_STATUS_TOO_LARGE, "larger than 4 GiB", 0, 0, 1, 0},
    {"wrong_symbol.x86_64.o", LOADER_STATUS_WRONG_SYMBOL, "R_X86_64_64", 0, 1, 1, 0},
    {"discarded.x86_64.o", LOADER_STATUS_DISCARDED, "`.comment.far`, whose section is not loaded", 0, 0, 1, 0},
    {"unpaired.riscv64.o", LOADER_STATUS_UNPAIRED, "R_RISCV_PCREL_LO12_I", 0, 0, 1, 0},
    {"answer.o", LOADER_STATUS_UNDEFINED, "`question` is undefined", 0, 0, 0, 0},
    {"tls.o", LOADER_STATUS_THREAD_LOCAL_BLOCK, "no block of 8 bytes", 0, 1, 1, 0},
    {"tls.o", LOADER_STATUS_SECTION, "TlsModel::None", 0, 0, 1, 0},
    {"thread_pointer.x86_64.o", LOADER_STATUS_THREAD_POINTER, "`variable`", 0, 2, 1, 0},
    {"descriptor.x86_64.o", LOADER_STATUS_DESCRIPTOR, "`variable`", 0, 2, 1, 0},
    {"out_of_range.x86_64.o", LOADER_STATUS_OUT_OF_RANGE,
     "out_of_range.x86_64.o: section 2 `.text`+0x1: R_X86_64_32 against `question`: 0x10000000000", 0,
     0, FAR, 0},
    {"misaligned.aarch64.o", LOADER_STATUS_MISALIGNED, "not a multiple of 8", 0, 0, 0x1001, 0},
    {"addend.riscv64.o", LOADER_STATUS_ADDEND, "addend 0x4", 0, 0, FAR, 0},
    {"instruction.aarch64.o", LOADER_STATUS_INSTRUCTION, "0xd503201f", 0, 0, 1, 0},
    {"stub_reach.x86_64.o", LOADER_STATUS_STUB_REACH, "call stub for `question`", 0, 0, FAR, 1 << 20},
};

static void each_way(void)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const struct way *way = &ways[i];
        struct file file = read_file(way->object);
        struct pages pages;
        struct loader *loader;
        pages_init(&pages);
        OK(loader_new(room.loader, sizeof room.loader, &loader));
        OK(loader_parse(loader, way->object, file.bytes, file.size, NULL));
        enum loader_status found = load(loader, &pages, way);
        if (found != way->status) {
            char message[512];
            loader_error_message(loader, message, sizeof message);
            fprintf(stderr, "%s: %s (%s), not %s\n", way->object, loader_status_text(found), message,
                    loader_status_text(way->status));
            exit(1);
        }
        expect_message(loader, way->message);
        expect_nothing_left(loader, &pages);
        free(file.bytes);
    }
}

/* Code that is not said to be code, where the erratum is. */
static void erratum(void)
{
    struct file file = read_file("erratum.aarch64.o");
    struct way way = {"", LOADER_STATUS_OK, "", LOADER_ERRATUM_843419, 0, 0, 0};
    for (int named = 1; named >= 0; named--) {
        struct pages pages;
        struct loader *loader;
        pages_init(&pages);
        way.question = (uint64_t)(uintptr_t)pages.start + (4 << 20);
        for (size_t i = 0; !named && i + 3 <= file.size; i++)
            if (memcmp(file.bytes + i, "$x", 3) == 0 || memcmp(file.bytes + i, "$d", 3) == 0)
                file.bytes[i] = 'x';
        OK(loader_new(room.loader, sizeof room.loader, &loader));
        OK(loader_parse(loader, "erratum.o", file.bytes, file.size, NULL));
        EXPECT(named ? LOADER_STATUS_OK : LOADER_STATUS_ERRATUM, load(loader, &pages, &way));
        if (!named) {
            expect_message(loader, "Cortex-A53 erratum 843419 affects the code");
            expect_nothing_left(loader, &pages);
        } else {
            OK(loader_delete(loader));
        }
    }
    free(file.bytes);
}

/* Parses `answer.o` with one part of it changed, and loads it. */
static enum loader_status changed(struct file file, struct loader **loader, struct pages *pages)
{
    struct way way = {"", LOADER_STATUS_OK, "", 0, 0, 1, 0};
    pages_init(pages);
    OK(loader_new(room.loader, sizeof room.loader, loader));
    enum loader_status status =
        loader_parse(*loader, "changed.o", file.bytes, file.size, NULL);
    return status == LOADER_STATUS_OK ? load(*loader, pages, &way) : status;
}

static void damage(void)
{
    struct file file = read_file("answer.o");
    struct loader *loader;
    struct pages pages;
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)file.bytes;
    Elf64_Shdr *sections = (Elf64_Shdr *)(void *)(file.bytes + header->e_shoff);
    Elf64_Shdr *relocated = NULL, *symbols = NULL;
    for (int i = 1; i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_SYMTAB)
            symbols = &sections[i];
        if (sections[i].sh_type == SHT_RELA && !relocated &&
            sections[sections[i].sh_info].sh_flags & SHF_EXECINSTR)
            relocated = &sections[i];
    }
    CHECK(symbols && relocated);
    Elf64_Rela *first = (Elf64_Rela *)(void *)(file.bytes + relocated->sh_offset);

    header->e_type = ET_DYN;
    EXPECT(LOADER_STATUS_FORMAT, changed(file, &loader, &pages));
    expect_message(loader, "changed.o: already linked");
    expect_nothing_left(loader, &pages);
    header->e_type = ET_REL;

    header->e_machine = EM_PPC64;
    EXPECT(LOADER_STATUS_MACHINE, changed(file, &loader, &pages));
    expect_message(loader, "machine 21");
    expect_nothing_left(loader, &pages);
    header->e_machine = EM_X86_64;

    Elf64_Word link = symbols->sh_link;
    symbols->sh_link = 4711;
    EXPECT(LOADER_STATUS_MALFORMED, changed(file, &loader, &pages));
    expect_message(loader, "`.symtab`");
    expect_nothing_left(loader, &pages);
    symbols->sh_link = link;

    Elf64_Xword info = first->r_info;
    first->r_info = ELF64_R_INFO(ELF64_R_SYM(info), 200);
    EXPECT(LOADER_STATUS_UNKNOWN_RELOCATION, changed(file, &loader, &pages));
    expect_message(loader, "relocation type 200");
    expect_nothing_left(loader, &pages);
    first->r_info = ELF64_R_INFO(ELF64_R_SYM(info), R_X86_64_COPY);
    EXPECT(LOADER_STATUS_UNSUPPORTED_RELOCATION, changed(file, &loader, &pages));
    expect_message(loader, "R_X86_64_COPY");
    expect_nothing_left(loader, &pages);
    first->r_info = info;

    EXPECT(LOADER_STATUS_OK, changed(file, &loader, &pages));
    OK(loader_delete(loader));
    free(file.bytes);
}

/* Two objects that do not go together. */
static void together(const char *one, const char *other, enum loader_status status,
                     const char *message)
{
    struct file files[] = {read_file(one), read_file(other)};
    struct loader *loader;
    OK(loader_new(room.loader, sizeof room.loader, &loader));
    OK(loader_parse(loader, "first.o", files[0].bytes, files[0].size, NULL));
    OK(loader_parse(loader, "second.o", files[1].bytes, files[1].size, NULL));
    EXPECT(status, loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
    expect_message(loader, message);
    OK(loader_delete(loader));
    free(files[0].bytes);
    free(files[1].bytes);
}

/* What the memory manager refuses, or gets wrong; and addresses that are not possible. */
static void memory(void)
{
    struct file file = read_file("answer.o");
    struct way way = {"", LOADER_STATUS_OK, "", 0, 0, 1, 0};
    struct loader *loader;
    struct pages pages;
    pages_init(&pages);
    OK(loader_new(room.loader, sizeof room.loader, &loader));
    OK(loader_parse(loader, "answer.o", file.bytes, file.size, NULL));

    pages.refuse_allocate = "it is Sunday";
    EXPECT(LOADER_STATUS_ALLOCATE, load(loader, &pages, &way));
    expect_message(loader, "no memory for the text segment");
    expect_message(loader, "it is Sunday");
    pages.refuse_allocate = "\xff";
    EXPECT(LOADER_STATUS_ALLOCATE, load(loader, &pages, &way));
    expect_message(loader, "does not say why in UTF-8");
    pages.refuse_allocate = NULL;
    pages.misplace = 1;
    EXPECT(LOADER_STATUS_BAD_SEGMENT, load(loader, &pages, &way));
    expect_message(loader, "text segment of another size or alignment");
    pages.misplace = 0;
    pages.refuse_seal = "no keys are left";
    EXPECT(LOADER_STATUS_SEAL, load(loader, &pages, &way));
    expect_message(loader, "no keys are left");
    CHECK(pages.sealed == 1 && pages.live == 0);
    pages.refuse_seal = NULL;

    struct loader_memory_manager manager = pages_manager(&pages);
    OK(loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
    OK(loader_place(loader, &manager));
    EXPECT(LOADER_STATUS_NO_SUCH_SECTION, loader_map_section_address(loader, 0, 999, 0));
    expect_message(loader, "no loaded section 999");
    EXPECT(LOADER_STATUS_NO_SUCH_SECTION, loader_map_section_address(loader, 7, 1, 0));
    EXPECT(LOADER_STATUS_MISPLACED, loader_map_segment_address(loader, 2, 1));
    expect_message(loader, "is not a multiple of");
    OK(loader_unload(loader));
    expect_nothing_left(loader, &pages);
    free(file.bytes);
}

void test_errors(void)
{
    each_way();
    erratum();
    damage();
    together("answer.o", "unpaired.riscv64.o", LOADER_STATUS_MIXED_MACHINES, "second.o");
    together("answer.o", "answer.o", LOADER_STATUS_DUPLICATE, "defined in first.o and again in second.o");
    memory();
}
