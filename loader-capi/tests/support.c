#ifndef _GNU_SOURCE /* C++ has it already */
#define _GNU_SOURCE
#endif
#include "support.h"

#include <sys/mman.h>

#define SIZE ((size_t)8 << 20)
#define PAGE ((size_t)4096)

const char *folder;
struct room room;

struct file read_file(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    struct file read = {(unsigned char *)malloc(1 << 20), 0};
    CHECK(read.bytes);
    read.size = fread(read.bytes, 1, 1 << 20, file);
    CHECK(read.size > 0 && read.size < 1 << 20);
    fclose(file);
    return read;
}

void pages_init(struct pages *pages)
{
    memset(pages, 0, sizeof *pages);
    void *start = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(start != MAP_FAILED);
    pages->start = (unsigned char *)start;
}

static size_t whole_pages(size_t size)
{
    return (size + PAGE - 1) / PAGE * PAGE;
}

static const char *allocate(void *context, const struct loader_segment_request *request,
                            struct loader_segment *segment)
{
    struct pages *pages = (struct pages *)context;
    size_t size = whole_pages(request->size);
    CHECK(request->size > 0 && request->align > 0);
    CHECK(segment->size == request->size && segment->kind == request->kind);
    if (pages->refuse_allocate)
        return pages->refuse_allocate;
    if (request->size > SIZE - pages->used || request->align > PAGE)
        return "the test's pages are used up";
    unsigned char *memory = pages->start + pages->used;
    CHECK(mprotect(memory, size, PROT_READ | PROT_WRITE) == 0);
    pages->used += size;
    pages->live++;
    segment->memory = memory;
    segment->address = (uint64_t)(uintptr_t)memory + pages->misplace;
    return NULL;
}

static const char *seal(void *context, const struct loader_segment *segment)
{
    struct pages *pages = (struct pages *)context;
    int protection = segment->kind == LOADER_SEGMENT_KIND_TEXT   ? PROT_READ | PROT_EXEC
                     : segment->kind == LOADER_SEGMENT_KIND_DATA ? PROT_READ | PROT_WRITE
                                                                 : PROT_READ;
    if (pages->refuse_seal && pages->sealed == 1)
        return pages->refuse_seal;
    CHECK(mprotect(segment->memory, whole_pages(segment->size), protection) == 0);
    pages->sealed++;
    return NULL;
}

static void give_back(void *context, const struct loader_segment *segment)
{
    struct pages *pages = (struct pages *)context;
    CHECK(segment->memory && segment->size > 0);
    CHECK(mprotect(segment->memory, whole_pages(segment->size), PROT_NONE) == 0);
    pages->live--;
}

struct loader_memory_manager pages_manager(struct pages *pages)
{
    struct loader_memory_manager manager = {pages, allocate, seal, give_back};
    return manager;
}

static int resolve(void *context, const char *name, size_t length, uint64_t *address)
{
    struct known_symbols *symbols = (struct known_symbols *)context;
    symbols->asked++;
    for (size_t i = 0; i < symbols->count; i++) {
        const struct known *known = &symbols->all[i];
        if (strlen(known->name) == length && memcmp(known->name, name, length) == 0) {
            *address = known->address;
            return 1;
        }
    }
    return 0;
}

struct loader_resolver known_resolver(struct known_symbols *symbols)
{
    struct loader_resolver resolver = {symbols, resolve};
    return resolver;
}

void expect_message(const struct loader *loader, const char *words)
{
    char message[512];
    size_t length = loader_error_message(loader, message, sizeof message);
    if (length != strlen(message) || !strstr(message, words)) {
        fprintf(stderr, "`%s` (%zu bytes) does not say `%s`\n", message, length, words);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    folder = argv[1];
    test_pipeline();
    test_errors();
    test_misuse();
    puts("the C API does what its header says");
    return 0;
}
