/* Hostile use: null and wild pointers, calls out of phase, from callbacks, and with memory that is in use. */
#include "support.h"

static struct loader *live;
static int visited;

/* What is refused with these has not begun: the phase is what it was. */
static void not_begun(struct loader *loader, enum loader_status is, enum loader_phase was)
{
    enum loader_phase phase;
    CHECK(is == LOADER_STATUS_POINTER || is == LOADER_STATUS_BUSY || is == LOADER_STATUS_PHASE);
    OK(loader_phase(loader, &phase));
    CHECK(phase == was);
}

static int busy_import(void *context, const struct loader_import *import)
{
    struct loader_plan_info info;
    (void)context, (void)import;
    visited++;
    OK(loader_plan_info(live, &info)); /* looking is possible */
    EXPECT(LOADER_STATUS_BUSY, loader_unload(live));
    EXPECT(LOADER_STATUS_BUSY, loader_delete(live));
    not_begun(live, loader_place(live, NULL), LOADER_PHASE_PLANNED);
    return 0;
}

static int busy_resolve(void *context, const char *name, size_t length, uint64_t *address)
{
    struct loader_plan_info info;
    char message[8];
    (void)context, (void)name, (void)length;
    visited++;
    EXPECT(LOADER_STATUS_BUSY, loader_plan_info(live, &info));
    EXPECT(LOADER_STATUS_BUSY, loader_unload(live));
    CHECK(loader_error_message(live, message, sizeof message) == 0 && message[0] == 0);
    *address = 0x1000;
    return 1;
}

/* A manager that hands out what is in use. */
static unsigned char *same;
static int freed;

static const char *allocate_same(void *context, const struct loader_segment_request *request,
                                 struct loader_segment *segment)
{
    (void)context, (void)request;
    segment->memory = same;
    segment->address = 0x10000;
    return NULL;
}

static const char *seal_same(void *context, const struct loader_segment *segment)
{
    (void)context, (void)segment;
    return NULL;
}

static void free_same(void *context, const struct loader_segment *segment)
{
    (void)context, (void)segment;
    freed++;
}

static void pointers(struct loader *loader, struct file file)
{
    size_t size;
    uint64_t address;
    char message[4];
    ALIGNED(8) unsigned char odd[64] = {0};
    EXPECT(LOADER_STATUS_POINTER, loader_new(NULL, 100000, &live));
    EXPECT(LOADER_STATUS_POINTER, loader_new(room.scratch, sizeof room.scratch, NULL));
    EXPECT(LOADER_STATUS_MEMORY, loader_new(room.scratch, LOADER_SIZE - 1, &live));
    EXPECT(LOADER_STATUS_MEMORY, loader_new(room.scratch + 8, 8000, &live));
    EXPECT(LOADER_STATUS_MEMORY, loader_new(room.scratch, SIZE_MAX, &live));
    EXPECT(LOADER_STATUS_POINTER, loader_parse(NULL, "x", file.bytes, file.size, NULL));
    EXPECT(LOADER_STATUS_HANDLE, loader_unload((struct loader *)room.scratch));
    EXPECT(LOADER_STATUS_POINTER, loader_unload((struct loader *)(room.loader + 1)));
    EXPECT(LOADER_STATUS_POINTER, loader_parse(loader, NULL, file.bytes, file.size, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_parse(loader, "x", NULL, file.size, NULL));
    EXPECT(LOADER_STATUS_ARGUMENT, loader_parse(loader, "\xff", file.bytes, file.size, NULL));
    EXPECT(LOADER_STATUS_ARGUMENT, loader_parse(loader, "x", file.bytes, SIZE_MAX, NULL));
    EXPECT(LOADER_STATUS_ARGUMENT, loader_parse(loader, "x", room.loader, 64, NULL));
    EXPECT(LOADER_STATUS_FORMAT, loader_parse(loader, "x", NULL, 0, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_parse(loader, "x", file.bytes, file.size, (size_t *)(odd + 1)));
    EXPECT(LOADER_STATUS_POINTER, loader_scratch_size(loader, NULL, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_phase(loader, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_plan_info(loader, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_each_import(loader, NULL, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_each_section(loader, NULL, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_each_symbol(loader, 0, NULL, NULL));
    EXPECT(LOADER_STATUS_PHASE, loader_symbol(loader, "x", &address));
    CHECK(loader_error_message(NULL, message, sizeof message) == 0 && message[0] == 0);
    CHECK(loader_error_message(loader, NULL, 100) > 0); /* how long it is */
    message[3] = 'x';
    CHECK(loader_error_message(loader, message, 3) > 3);
    CHECK(strlen(message) == 2 && message[3] == 'x');
    CHECK(strcmp(loader_status_text(LOADER_STATUS_BUSY), "the loader is in use") == 0);
    CHECK(!loader_status_text(4711));
    /* No object yet. */
    EXPECT(LOADER_STATUS_PHASE, loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
    expect_message(loader, "an object first");
    OK(loader_scratch_size(loader, NULL, &size));
}

static void options(struct loader *loader)
{
    size_t size;
    const char *names[] = {"fine", NULL};
    struct loader_options options;
    memset(&options, 0xff, sizeof options); /* never set */
    EXPECT(LOADER_STATUS_ARGUMENT, loader_scratch_size(loader, &options, &size));
    memset(&options, 0, sizeof options);
    options.kept = 4;
    EXPECT(LOADER_STATUS_ARGUMENT, loader_scratch_size(loader, &options, &size));
    options.kept = 0;
    options.keep = LOADER_KEEP_NAMED;
    options.keep_count = SIZE_MAX;
    EXPECT(LOADER_STATUS_ARGUMENT, loader_scratch_size(loader, &options, &size));
    options.keep_count = SIZE_MAX / 32;
    EXPECT(LOADER_STATUS_SCRATCH, loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    options.keep_count = 2;
    EXPECT(LOADER_STATUS_POINTER, loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    options.keep_names = names;
    EXPECT(LOADER_STATUS_POINTER, loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    names[1] = "\xff";
    EXPECT(LOADER_STATUS_ARGUMENT, loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    /* A name, and a list of names, in the memory that is lent. */
    strcpy((char *)room.scratch + 100, "answer");
    names[1] = (const char *)room.scratch + 100;
    EXPECT(LOADER_STATUS_ARGUMENT, loader_plan(loader, &options, room.scratch, sizeof room.scratch));
    options.keep_names = (const char *const *)(void *)(room.scratch + 64);
    EXPECT(LOADER_STATUS_ARGUMENT, loader_plan(loader, &options, room.scratch, sizeof room.scratch));
}

static void memory(struct loader *loader, struct file file)
{
    struct loader_memory_manager manager = {NULL, allocate_same, NULL, free_same};
    EXPECT(LOADER_STATUS_POINTER, loader_plan(loader, NULL, NULL, 1000));
    EXPECT(LOADER_STATUS_MEMORY, loader_plan(loader, NULL, room.scratch + 8, 8000));
    EXPECT(LOADER_STATUS_ARGUMENT, loader_plan(loader, NULL, room.loader, sizeof room.loader));
    expect_message(loader, "lent twice");
    OK(loader_plan(loader, NULL, room.scratch, 8192));
    EXPECT(LOADER_STATUS_PHASE, loader_plan(loader, NULL, room.scratch + 8192, 8192));
    expect_message(loader, "is planned, and this is for one that is without a plan");
    not_begun(loader, loader_place(loader, NULL), LOADER_PHASE_PLANNED);
    not_begun(loader, loader_place(loader, &manager), LOADER_PHASE_PLANNED);
    manager.seal = seal_same;
    unsigned char *taken[] = {room.loader + 64, room.scratch + 16, file.bytes + 10};
    for (size_t i = 0; i < 3; i++) {
        same = taken[i];
        freed = 0;
        EXPECT(LOADER_STATUS_ALLOCATE, loader_place(loader, &manager));
        expect_message(loader, "in use by the loader already");
        CHECK(freed == 1);
        OK(loader_plan(loader, NULL, room.scratch, 8192));
    }
    /* Two segments at one place. */
    ALIGNED(4096) static unsigned char page[1 << 16];
    same = page;
    freed = 0;
    EXPECT(LOADER_STATUS_ALLOCATE, loader_place(loader, &manager));
    expect_message(loader, "rodata segment");
    CHECK(freed == 2);
    same = NULL;
    OK(loader_plan(loader, NULL, room.scratch, 8192));
    EXPECT(LOADER_STATUS_ALLOCATE, loader_place(loader, &manager));
    expect_message(loader, "gave no memory");
    OK(loader_plan(loader, NULL, room.scratch, 8192));
    same = (unsigned char *)(UINTPTR_MAX - 3);
    EXPECT(LOADER_STATUS_ALLOCATE, loader_place(loader, &manager));
    expect_message(loader, "over the end");
}

static void phases(struct loader *loader)
{
    struct pages pages;
    struct loader_resolver resolver = {NULL, busy_resolve}, empty = {NULL, NULL};
    uint64_t address;
    const void *bytes;
    size_t size;
    pages_init(&pages);
    struct loader_memory_manager manager = pages_manager(&pages);
    EXPECT(LOADER_STATUS_PHASE, loader_place(loader, &manager));
    EXPECT(LOADER_STATUS_PHASE, loader_resolve(loader, &resolver, NULL));
    EXPECT(LOADER_STATUS_PHASE, loader_unload(loader));
    OK(loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
    OK(loader_each_import(loader, busy_import, NULL));
    CHECK(visited > 0);
    not_begun(loader, loader_seal(loader), LOADER_PHASE_PLANNED);
    not_begun(loader, loader_resolve(loader, &resolver, NULL), LOADER_PHASE_PLANNED);
    EXPECT(LOADER_STATUS_PHASE, loader_detach(loader));
    EXPECT(LOADER_STATUS_PHASE, loader_unresolve(loader));
    EXPECT(LOADER_STATUS_PHASE, loader_map_section_address(loader, 0, 1, 0));
    OK(loader_place(loader, &manager));
    not_begun(loader, loader_place(loader, &manager), LOADER_PHASE_PLACED);
    not_begun(loader, loader_seal(loader), LOADER_PHASE_PLACED);
    EXPECT(LOADER_STATUS_PHASE, loader_symbol(loader, "answer", &address));
    EXPECT(LOADER_STATUS_PHASE, loader_each_initialiser(loader, NULL, NULL));
    EXPECT(LOADER_STATUS_ARGUMENT, loader_map_segment_address(loader, 3, 0));
    not_begun(loader, loader_resolve(loader, NULL, NULL), LOADER_PHASE_PLACED);
    not_begun(loader, loader_resolve(loader, &empty, NULL), LOADER_PHASE_PLACED);
    CHECK(pages.live == 3);
    visited = 0;
    OK(loader_resolve(loader, &resolver, NULL));
    CHECK(visited == 2 && pages.live == 3);
    EXPECT(LOADER_STATUS_ARGUMENT, loader_segment_bytes(loader, 3, &bytes, &size));
    EXPECT(LOADER_STATUS_POINTER, loader_segment_bytes(loader, 0, NULL, &size));
    EXPECT(LOADER_STATUS_POINTER, loader_segment_bytes(loader, 0, &bytes, NULL));
    OK(loader_seal(loader));
    not_begun(loader, loader_seal(loader), LOADER_PHASE_SEALED);
    CHECK(pages.live == 3);
    EXPECT(LOADER_STATUS_PHASE, loader_segment_bytes(loader, 0, &bytes, &size));
    EXPECT(LOADER_STATUS_POINTER, loader_symbol(loader, NULL, &address));
    EXPECT(LOADER_STATUS_POINTER, loader_symbol(loader, "answer", NULL));
    EXPECT(LOADER_STATUS_ARGUMENT, loader_symbol(loader, "\xff", &address));
    EXPECT(LOADER_STATUS_POINTER, loader_each_resolution(loader, NULL, NULL));
    EXPECT(LOADER_STATUS_POINTER, loader_each_finaliser(loader, NULL, NULL));
    OK(loader_detach(loader)); /* nothing is kept */
    EXPECT(LOADER_STATUS_NOT_FOUND, loader_symbol(loader, "answer", &address));
    EXPECT(LOADER_STATUS_PHASE, loader_detach(loader));
    OK(loader_unload(loader));
    CHECK(pages.live == 0);
    /* A module that was detached has left no objects. */
    EXPECT(LOADER_STATUS_PHASE, loader_plan(loader, NULL, room.scratch, sizeof room.scratch));
}

/* Every byte of an object may be wrong: it is refused with a message, or loaded. */
static void damaged(struct file file)
{
    struct pages pages;
    struct loader_resolver resolver = {NULL, busy_resolve};
    int loaded = 0;
    pages_init(&pages);
    struct loader_memory_manager manager = pages_manager(&pages);
    for (size_t at = 0; at < file.size; at++) {
        unsigned char was = file.bytes[at];
        file.bytes[at] ^= (unsigned char)(1 << at % 8);
        pages.used = 0;
        OK(loader_new(room.loader, sizeof room.loader, &live));
        enum loader_status status =
            loader_parse(live, "damaged.o", file.bytes, file.size, NULL);
        if (status == LOADER_STATUS_OK)
            status = loader_plan(live, NULL, room.scratch, sizeof room.scratch);
        if (status == LOADER_STATUS_OK)
            status = loader_place(live, &manager);
        if (status == LOADER_STATUS_OK)
            status = loader_resolve(live, &resolver, NULL);
        if (status == LOADER_STATUS_OK)
            loaded++;
        else
            CHECK(loader_error_message(live, NULL, 0) > 0);
        OK(loader_delete(live));
        CHECK(pages.live == 0);
        file.bytes[at] = was;
    }
    CHECK(loaded > 100 && (size_t)loaded < file.size);
}

void test_misuse(void)
{
    struct file file = read_file("answer.o");
    struct loader *loader;
    memset(&room, 0, sizeof room);
    OK(loader_new(room.loader, sizeof room.loader, &loader));
    live = loader;
    pointers(loader, file);
    live = loader;
    OK(loader_parse(loader, "answer.o", file.bytes, file.size, NULL));
    options(loader);
    memory(loader, file);
    phases(loader);
    /* Room for four objects, and no more. */
    for (int i = 0; i < 4; i++)
        OK(loader_parse(loader, "answer.o", file.bytes, file.size, NULL));
    EXPECT(LOADER_STATUS_MEMORY, loader_parse(loader, "answer.o", file.bytes, file.size, NULL));
    OK(loader_delete(loader));
    EXPECT(LOADER_STATUS_HANDLE, loader_delete(loader));
    damaged(file);
    free(file.bytes);
}
