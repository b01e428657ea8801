/* What the tests share: checks, files, and a memory manager over mmap and mprotect. Everything here and
 * in the tests is C11 and C++17 alike. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
#define ALIGNED(n) alignas(n)
#else
#define ALIGNED(n) _Alignas(n)
#endif

/* Ends the program where something is not as it should be. */
#define CHECK(what)                                                          \
    do {                                                                     \
        if (!(what)) {                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
            exit(1);                                                         \
        }                                                                    \
    } while (0)

/* Ends the program where a call has another status than it should. */
#define EXPECT(status, call)                                                             \
    do {                                                                                 \
        enum loader_status found_ = (call);                                              \
        if (found_ != (status)) {                                                        \
            fprintf(stderr, "%s:%d: %s: %s, not %s\n", __FILE__, __LINE__, #call,        \
                    loader_status_text(found_), loader_status_text(status));             \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)

#define OK(call) EXPECT(LOADER_STATUS_OK, call)

/* An object, read from the folder that the test is given. */
struct file {
    unsigned char *bytes;
    size_t size;
};

struct file read_file(const char *name);
extern const char *folder;

/* Memory that is handed out page by page. */
struct pages {
    unsigned char *start;
    size_t used;
    int live;    /* segments handed out and not given back */
    int sealed;  /* segments that were sealed */
    const char *refuse_allocate;
    const char *refuse_seal;
    size_t misplace; /* what addresses are wrong by */
};

void pages_init(struct pages *pages);
struct loader_memory_manager pages_manager(struct pages *pages);

/* Symbols of the program, as a resolver. */
struct known {
    const char *name;
    uint64_t address;
};
struct known_symbols {
    const struct known *all;
    size_t count;
    int asked;
};
struct loader_resolver known_resolver(struct known_symbols *symbols);

/* Room for a loader of a few objects, and for any plan here. */
struct room {
    ALIGNED(LOADER_ALIGN) unsigned char loader[LOADER_MEMORY(4)];
    ALIGNED(LOADER_SCRATCH_ALIGN) unsigned char scratch[1 << 16];
};
extern struct room room;

/* The loader's message, which must have some words in it. */
void expect_message(const struct loader *loader, const char *words);

void test_pipeline(void);
void test_errors(void);
void test_misuse(void);

#endif
