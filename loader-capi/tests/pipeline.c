/* The whole pipeline: loads modules into this very process and calls them. */
#include "support.h"

static int question(int number)
{
    return number + 2;
}

static int (*as_function(uint64_t address))(void)
{
    return (int (*)(void))(uintptr_t)address;
}

static int call(void *context, uint64_t function)
{
    (void)context;
    ((void (*)(void))(uintptr_t)function)();
    return 0;
}

static int is_named(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(name, wanted, length) == 0;
}

/* What visitors have seen. */
struct seen {
    const struct loader *loader;
    int count, found, code, stop_after;
    const char *wanted;
    uint64_t address;
};

static int see_import(void *context, const struct loader_import *import)
{
    struct seen *seen = (struct seen *)context;
    seen->count++;
    if (is_named(import->name, import->name_length, "question"))
        CHECK(!import->weak && !import->tls && import->object == 0);
    else
        CHECK(import->weak && is_named(import->name, import->name_length, "nobody"));
    return seen->count == seen->stop_after;
}

static int see_section(void *context, const struct loader_section *section)
{
    struct seen *seen = (struct seen *)context;
    seen->count++;
    if (is_named(section->name, section->name_length, seen->wanted)) {
        seen->found = (int)section->index;
        seen->address = section->address;
        seen->code = section->segment == LOADER_SEGMENT_KIND_TEXT;
        CHECK(section->size > 0 && section->align > 0 && section->flags != 0 && !section->in_place);
    }
    return 0;
}

static int see_symbol(void *context, const struct loader_symbol *symbol)
{
    struct seen *seen = (struct seen *)context;
    seen->count++;
    CHECK(loader_contains(seen->loader, symbol->address) == LOADER_STATUS_OK);
    if (is_named(symbol->name, symbol->name_length, seen->wanted)) {
        seen->found++;
        seen->address = symbol->address;
        CHECK(symbol->kind == LOADER_SYMBOL_KIND_FUNCTION && symbol->size > 0);
    }
    return 0;
}

static void expect_phase(const struct loader *loader, enum loader_phase wanted)
{
    enum loader_phase phase;
    OK(loader_phase(loader, &phase));
    CHECK(phase == wanted);
}

/* One module of two objects, with everything in it. */
static void load(uint32_t kept)
{
    struct file answer = read_file("answer.o"), twice = read_file("twice.o");
    struct pages pages;
    struct loader *loader;
    size_t number = 9, needed = 0;
    pages_init(&pages);
    OK(loader_new(room.loader, sizeof room.loader, &loader));
    OK(loader_parse(loader, "answer.o", answer.bytes, answer.size, &number));
    CHECK(number == 0);
    OK(loader_parse(loader, "twice.o", twice.bytes, twice.size, &number));
    CHECK(number == 1);

    /* plan */
    static const char *const names[] = {"twice", "log_of_life"};
    struct loader_options options;
    memset(&options, 0, sizeof options);
    options.keep = LOADER_KEEP_NAMED;
    options.keep_names = names;
    options.keep_count = 2;
    options.kept = kept;
    OK(loader_scratch_size(loader, &options, &needed));
    EXPECT(LOADER_STATUS_SCRATCH, loader_plan(loader, &options, room.scratch, needed - 1));
    expect_message(loader, "bytes of scratch memory and was lent");
    memset(room.scratch, 0xa5, sizeof room.scratch);
    OK(loader_plan(loader, &options, room.scratch, needed));
    CHECK(room.scratch[needed] == 0xa5);
    CHECK(loader_error_message(loader, NULL, 0) == 0);
    struct loader_plan_info info;
    OK(loader_plan_info(loader, &info));
    CHECK(info.machine == LOADER_MACHINE_X86_64 && info.objects == 2);
    CHECK(info.text.size > 0 && info.read_only.size > 0 && info.data.size > 400);
    CHECK(info.thread_locals.size == 0 && info.stubs >= 1);
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    OK(loader_each_import(loader, see_import, &seen));
    CHECK(seen.count == 2);
    memset(&seen, 0, sizeof seen);
    seen.stop_after = 1;
    OK(loader_each_import(loader, see_import, &seen));
    CHECK(seen.count == 1);
    memset(&seen, 0, sizeof seen);
    seen.wanted = ".text.answer";
    OK(loader_each_section(loader, see_section, &seen));
    CHECK(seen.found > 0 && seen.code && seen.address == 0);
    memset(&seen, 0, sizeof seen);
    seen.wanted = ".text.unused";
    OK(loader_each_section(loader, see_section, &seen));
    CHECK(seen.found == 0); /* nothing uses it */
    CHECK(pages.live == 0);

    /* place, map, resolve, seal */
    struct loader_memory_manager manager = pages_manager(&pages);
    OK(loader_place(loader, &manager));
    CHECK(pages.live == 3);
    struct known known[] = {{"question", (uint64_t)(uintptr_t)question}};
    struct known_symbols symbols = {known, 1, 0};
    struct loader_resolver resolver = known_resolver(&symbols);
    OK(loader_map_segment_address(loader, LOADER_SEGMENT_KIND_DATA,
                                  (uint64_t)(uintptr_t)pages.start + (1 << 20)));
    OK(loader_resolve(loader, &resolver, NULL));
    const void *bytes;
    size_t size;
    OK(loader_segment_bytes(loader, LOADER_SEGMENT_KIND_TEXT, &bytes, &size));
    CHECK(bytes == pages.start && size == info.text.size);
    unsigned char *elsewhere = (unsigned char *)malloc(size);
    memcpy(elsewhere, bytes, size);
    OK(loader_unresolve(loader));
    expect_phase(loader, LOADER_PHASE_PLACED);
    OK(loader_map_segment_address(
        loader, LOADER_SEGMENT_KIND_DATA,
        (uint64_t)(uintptr_t)pages.start + (info.text.size + 4095) / 4096 * 4096 +
            (info.read_only.size + 4095) / 4096 * 4096));
    OK(loader_resolve(loader, &resolver, NULL));
    CHECK(memcmp(elsewhere, bytes, size) != 0);
    free(elsewhere);
    CHECK(symbols.asked == 4); /* twice each */
    OK(loader_seal(loader));
    expect_phase(loader, LOADER_PHASE_SEALED);
    CHECK(pages.sealed == 3);

    /* use */
    uint64_t address, log_address;
    OK(loader_symbol(loader, "log_of_life", &log_address));
    const int *log_of_life = (const int *)(uintptr_t)log_address;
    OK(loader_each_initialiser(loader, call, NULL));
    CHECK(log_of_life[0] == 3 && log_of_life[1] == 101 && log_of_life[2] == 200);
    OK(loader_symbol(loader, "twice", &address));
    CHECK(as_function(address)() == 84);
    CHECK(as_function(address)() == 84);
    EXPECT(LOADER_STATUS_NOT_FOUND, loader_symbol(loader, "unused", &address));
    EXPECT(LOADER_STATUS_NOT_FOUND, loader_symbol(loader, "question", &address));
    memset(&seen, 0, sizeof seen);
    seen.wanted = ".text.answer";
    OK(loader_each_section(loader, see_section, &seen));
    uint64_t in_section = 0;
    OK(loader_address_of(loader, 0, (uint32_t)seen.found, 1, &in_section));
    CHECK(in_section == seen.address + 1);
    EXPECT(LOADER_STATUS_NOT_FOUND, loader_address_of(loader, 2, 1, 1, &in_section));

    if (kept != LOADER_KEPT_NOTHING) {
        OK(loader_detach(loader));
        memset(answer.bytes, 0xff, answer.size); /* nobody reads them any more */
        memset(twice.bytes, 0xff, twice.size);
        memset(room.scratch, 0xff, sizeof room.scratch);
        expect_phase(loader, LOADER_PHASE_RESIDENT);
        EXPECT(LOADER_STATUS_PHASE, loader_each_initialiser(loader, call, NULL));
    }
    memset(&seen, 0, sizeof seen);
    seen.loader = loader;
    seen.wanted = "twice";
    OK(loader_each_symbol(loader, LOADER_SYMBOLS_EXPORTS, see_symbol, &seen));
    CHECK(seen.found == 1 && seen.count == 3); /* and answer, log_of_life */
    int exports = seen.count;
    OK(loader_each_symbol(loader, LOADER_SYMBOLS_ALL, see_symbol, &seen));
    CHECK(kept == LOADER_KEPT_EXPORTS || seen.count > 2 * exports);
    OK(loader_symbol(loader, "twice", &address));
    CHECK(seen.address == address);
    struct loader_symbol symbol;
    OK(loader_symbol_at(loader, address + 2, &symbol));
    CHECK(is_named(symbol.name, symbol.name_length, "twice") && symbol.address == address);
    CHECK(symbol.object == 1 && symbol.binding == LOADER_BINDING_GLOBAL);
    EXPECT(LOADER_STATUS_NOT_FOUND, loader_symbol_at(loader, 16, &symbol));
    EXPECT(LOADER_STATUS_NOT_FOUND, loader_contains(loader, 16));
    struct loader_segment segment;
    OK(loader_segment(loader, LOADER_SEGMENT_KIND_TEXT, &segment));
    CHECK(segment.memory == pages.start && segment.size == info.text.size);
    struct loader_tls_image image;
    EXPECT(LOADER_STATUS_NOT_FOUND, loader_tls_image(loader, &image));
    OK(loader_each_finaliser(loader, call, NULL));
    CHECK(log_of_life[3] == -1);

    OK(loader_unload(loader));
    CHECK(pages.live == 0);
    expect_phase(loader, LOADER_PHASE_OBJECTS);
    EXPECT(LOADER_STATUS_PHASE, loader_symbol(loader, "twice", &address));
    if (kept == LOADER_KEPT_NOTHING) { /* the objects are still there */
        OK(loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
        OK(loader_place(loader, &manager));
        OK(loader_resolve(loader, &resolver, NULL));
        OK(loader_seal(loader));
        OK(loader_symbol(loader, "unused", &address));
        CHECK(as_function(address)() == 9);
        CHECK(pages.live == 3);
    }
    OK(loader_delete(loader));
    CHECK(pages.live == 0);
    EXPECT(LOADER_STATUS_HANDLE, loader_unload(loader));
    free(answer.bytes);
    free(twice.bytes);
}

static uint64_t call_resolver(void *context, const struct loader_resolution *resolution)
{
    CHECK(is_named(resolution->name, resolution->name_length, "chosen"));
    CHECK(resolution->object == 0 && resolution->slot != 0);
    (*(int *)context)++;
    return (uint64_t)(uintptr_t)((void *(*)(void))(uintptr_t)resolution->resolver)();
}

static void indirect_functions(void)
{
    struct file file = read_file("ifunc.o");
    struct pages pages;
    struct loader *loader;
    uint64_t address;
    int count = 0;
    pages_init(&pages);
    struct loader_memory_manager manager = pages_manager(&pages);
    struct known_symbols none = {NULL, 0, 0};
    struct loader_resolver resolver = known_resolver(&none);
    OK(loader_new(room.loader, sizeof room.loader, &loader));
    OK(loader_parse(loader, "ifunc.o", file.bytes, file.size, NULL));
    OK(loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
    OK(loader_place(loader, &manager));
    OK(loader_resolve(loader, &resolver, NULL));
    OK(loader_seal(loader));
    OK(loader_each_resolution(loader, call_resolver, &count));
    CHECK(count == 1);
    OK(loader_symbol(loader, "call_chosen", &address));
    CHECK(as_function(address)() == 20);
    OK(loader_delete(loader));
    free(file.bytes);
}

static int block(void *context, const struct loader_tls_block *wanted,
                 struct loader_tls_location *location)
{
    CHECK(wanted->size == 8 && wanted->image_size == 4 && wanted->align == 4);
    location->module = 3;
    location->offset = *(int64_t *)context;
    location->has_offset = 1;
    return 1;
}

static int see_thread_local(void *context, const char *name, size_t length,
                            const struct loader_tls_variable *variable)
{
    struct seen *seen = (struct seen *)context;
    CHECK(variable->location.module == 3 && variable->location.has_offset);
    seen->count++;
    seen->found += is_named(name, length, "zero") && variable->offset == 4;
    return 0;
}

/* Thread-local variables that lie in a variable of this program's own. */
static void thread_locals(void)
{
#ifdef __cplusplus
    static thread_local int room_in_thread[2];
#else
    static _Thread_local int room_in_thread[2];
#endif
    struct file file = read_file("tls.o");
    struct pages pages;
    struct loader *loader;
    uint64_t address;
    uintptr_t thread_pointer;
    __asm__("mov %%fs:0, %0" : "=r"(thread_pointer));
    int64_t offset = (int64_t)((uintptr_t)room_in_thread - thread_pointer);
    struct loader_thread_locals threads = {&offset, block, NULL, NULL};
    pages_init(&pages);
    struct loader_memory_manager manager = pages_manager(&pages);
    struct known_symbols none = {NULL, 0, 0};
    struct loader_resolver resolver = known_resolver(&none);
    struct loader_options options;
    memset(&options, 0, sizeof options);
    options.thread_locals = LOADER_TLS_MODEL_STATIC;
    OK(loader_new(room.loader, sizeof room.loader, &loader));
    OK(loader_parse(loader, "tls.o", file.bytes, file.size, NULL));
    OK(loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    OK(loader_place(loader, &manager));
    OK(loader_resolve(loader, &resolver, &threads));
    OK(loader_seal(loader));
    struct loader_tls_image image;
    OK(loader_tls_image(loader, &image));
    CHECK(image.block.size == 8 && image.location.offset == offset);
    memcpy(room_in_thread, (const void *)(uintptr_t)image.image, image.block.image_size);
    room_in_thread[1] = 2;
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    OK(loader_each_thread_local(loader, see_thread_local, &seen));
    CHECK(seen.count == 2 && seen.found == 1);
    OK(loader_symbol(loader, "sum", &address));
    CHECK(as_function(address)() == 42);
    OK(loader_delete(loader));
    free(file.bytes);
}

/* Sections that need no change stay where the file is: here it is made executable. */
static void in_place(void)
{
    struct file file = read_file("twice.o");
    struct loader *loader;
    struct loader_plan_info with, without;
    uint64_t places[] = {0x7000000};
    struct loader_options options;
    memset(&options, 0, sizeof options);
    options.in_place = places;
    options.in_place_count = 1;
    struct file plain = read_file("leaf.o");
    OK(loader_new(room.loader, sizeof room.loader, &loader));
    OK(loader_parse(loader, "leaf.o", plain.bytes, plain.size, NULL));
    OK(loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
    OK(loader_plan_info(loader, &without));
    OK(loader_unload(loader));
    OK(loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    OK(loader_plan_info(loader, &with));
    CHECK(without.text.size > 0 && with.text.size == 0);
    OK(loader_unload(loader));
    places[0] = UINT64_MAX; /* nowhere */
    OK(loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    OK(loader_plan_info(loader, &with));
    CHECK(with.text.size == without.text.size);
    OK(loader_delete(loader));
    free(plain.bytes);
    free(file.bytes);
}

void test_pipeline(void)
{
    load(LOADER_KEPT_NOTHING);
    load(LOADER_KEPT_EXPORTS);
    load(LOADER_KEPT_SYMBOLS);
    indirect_functions();
    thread_locals();
    in_place();
}
