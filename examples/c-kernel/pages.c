#include "pages.h"

#include "machine.h"

#define PAGE 4096
#define PAGES 64

static _Alignas(PAGE) unsigned char memory[PAGES][PAGE];
static uint64_t used; /* a bit for each page */

static uint64_t bits(size_t size)
{
    size_t pages = (size + PAGE - 1) / PAGE;
    return pages >= PAGES ? UINT64_MAX : ((uint64_t)1 << pages) - 1;
}

static const char *allocate(void *context, const struct loader_segment_request *request,
                            struct loader_segment *segment)
{
    (void)context;
    if (request->align > PAGE)
        return "it is to be aligned to more than a page";
    if (request->size > sizeof memory)
        return "it is larger than all pages together";
    uint64_t wanted = bits(request->size);
    for (unsigned first = 0; first < PAGES; first++) {
        if ((wanted << first) >> first == wanted && !(used & wanted << first)) {
            used |= wanted << first;
            segment->memory = memory[first];
            segment->address = (uintptr_t)memory[first];
            return NULL;
        }
    }
    return "no run of pages is free that is as long";
}

/* This kernel has no page tables. One that has some makes text executable and no longer writable here, and
 * read-only data read-only. */
static const char *seal(void *context, const struct loader_segment *segment)
{
    (void)context;
    if (segment->kind == LOADER_SEGMENT_KIND_TEXT)
        synchronise_instructions();
    return NULL;
}

static void give_back(void *context, const struct loader_segment *segment)
{
    (void)context;
    size_t first = (size_t)((unsigned char(*)[PAGE])segment->memory - memory);
    used &= ~(bits(segment->size) << first);
}

struct loader_memory_manager pages_manager(void)
{
    return (struct loader_memory_manager){NULL, allocate, seal, give_back};
}

unsigned pages_used(void)
{
    unsigned count = 0;
    for (uint64_t left = used; left; left &= left - 1)
        count++;
    return count;
}
