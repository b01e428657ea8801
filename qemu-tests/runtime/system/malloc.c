/* malloc, with time that does not grow with the heap. picolibc's own keeps one list of free
 * blocks in the order of addresses and walks it at every call, which a program with many
 * small objects (any interpreter) cannot bear.
 *
 * Free blocks stand in bins by size, eight bins to each power of two, with one bit for each
 * bin that is not empty; neighbours that are both free are merged at once ("two-level
 * segregated fit"). */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A block, at a multiple of ALIGN. Blocks follow each other without gaps; what malloc
 * returns is the address of `next`, and runs up to the `size` of the block after it. */
struct block {
    size_t size_before; /* of the block before this one, if that is free */
    size_t size;        /* up to the block after this one; flags in the low bits */
    struct block *next; /* in the bin, as `previous`, if this block is free */
    struct block *previous;
};

enum {
    FREE = 1,        /* this block is free */
    FREE_BEFORE = 2, /* the block before this one is free */
    FLAGS = FREE | FREE_BEFORE,
    ALIGN = 16,
    SMALLEST = sizeof(struct block),
    BINS_LOG2 = 3,       /* bins to a power of two */
    FIRST_LOG2 = 5,      /* log2 of SMALLEST */
    LAST_LOG2 = 47,  /* no heap holds a block of 2^47 bytes */
    BINS = (LAST_LOG2 + 1 - FIRST_LOG2) << BINS_LOG2,
    WORD = 64,
    GROWTH = 64 * 1024, /* what to ask of sbrk at least */
};

static struct block *bins[BINS];
static uint64_t filled[(BINS + WORD - 1) / WORD];

/* The last block: never free, nothing in it, moved up when the heap grows. */
static struct block *end;

static size_t size_of(const struct block *block) {
    return block->size & ~(size_t)FLAGS;
}

static struct block *at(void *base, ptrdiff_t offset) {
    return (struct block *)((char *)base + offset);
}

static struct block *after(struct block *block) {
    return at(block, size_of(block));
}

static void *payload(struct block *block) {
    return &block->next;
}

static struct block *block_of(void *payload) {
    return at(payload, -(ptrdiff_t)offsetof(struct block, next));
}

static unsigned bin_of(size_t size) {
    unsigned log2 = WORD - 1 - __builtin_clzll(size);
    unsigned step = (size >> (log2 - BINS_LOG2)) & ((1 << BINS_LOG2) - 1);
    return ((log2 - FIRST_LOG2) << BINS_LOG2) + step;
}

static void insert(struct block *block) {
    unsigned bin = bin_of(size_of(block));
    block->previous = NULL;
    block->next = bins[bin];
    if (block->next != NULL)
        block->next->previous = block;
    bins[bin] = block;
    filled[bin / WORD] |= (uint64_t)1 << bin % WORD;
}

static void take_out(struct block *block) {
    unsigned bin = bin_of(size_of(block));
    if (block->next != NULL)
        block->next->previous = block->previous;
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        bins[bin] = block->next;
    if (bins[bin] == NULL)
        filled[bin / WORD] &= ~((uint64_t)1 << bin % WORD);
}

/* Makes a block free that is in no bin, merging it with its neighbours. */
static void release(struct block *block) {
    size_t size = size_of(block);
    if (block->size & FREE_BEFORE) {
        block = at(block, -(ptrdiff_t)block->size_before);
        take_out(block);
        size += size_of(block);
    }
    struct block *following = at(block, size);
    if (following->size & FREE) {
        take_out(following);
        size += size_of(following);
        following = at(block, size);
    }
    block->size = size | FREE;
    following->size_before = size;
    following->size |= FREE_BEFORE;
    insert(block);
}

/* Cuts a used block to `size`, and releases the rest where that makes a block. */
static void trim(struct block *block, size_t size) {
    size_t rest = size_of(block) - size;
    if (rest < SMALLEST)
        return;
    block->size -= rest;
    struct block *tail = after(block);
    tail->size = rest;
    release(tail);
}

/* Marks a free block used, all of it. */
static void claim(struct block *block) {
    take_out(block);
    block->size &= ~(size_t)FREE;
    after(block)->size &= ~(size_t)FREE_BEFORE;
}

/* Adds a free block of at least `size` to the heap. */
static int grow(size_t size) {
    size_t increment = (size + SMALLEST + ALIGN + GROWTH - 1) / GROWTH * GROWTH;
    char *start = sbrk(increment);
    if (start == (void *)-1) {
        increment = (size + SMALLEST + ALIGN - 1) / ALIGN * ALIGN;
        start = sbrk(increment);
        if (start == (void *)-1)
            return 0;
    }
    /* The heap's end is where `size` of the block after `end` would begin. */
    struct block *block = end;
    if (block == NULL || start != payload(block)) {
        size_t skip = -(uintptr_t)start % ALIGN;
        block = at(start, skip);
        block->size = 0;
        increment -= skip + offsetof(struct block, next);
    }
    increment &= ~(size_t)(ALIGN - 1);
    block->size |= increment;
    end = at(block, increment);
    end->size = 0;
    release(block);
    return 1;
}

/* A free block of at least `size`, or null. */
static struct block *find(size_t size) {
    unsigned log2 = WORD - 1 - __builtin_clzll(size);
    /* In the bin that this rounds up to, and in all above it, any block will do. */
    size_t rounded = size + ((size_t)1 << (log2 - BINS_LOG2)) - 1;
    unsigned bin = bin_of(rounded);
    uint64_t mask = ~(uint64_t)0 << bin % WORD;
    for (unsigned word = bin / WORD; word < sizeof filled / sizeof *filled; word++) {
        uint64_t candidates = filled[word] & mask;
        if (candidates != 0)
            return bins[word * WORD + __builtin_ctzll(candidates)];
        mask = ~(uint64_t)0;
    }
    for (struct block *block = bins[bin_of(size)]; block != NULL; block = block->next)
        if (size_of(block) >= size)
            return block;
    return NULL;
}

/* The size of the block for a request; 0 where no heap could hold it. */
static size_t block_size(size_t request) {
    const size_t header = offsetof(struct block, next) - offsetof(struct block, size);
    if (request >= (size_t)1 << (LAST_LOG2 - 1))
        return 0;
    size_t size = (request + header + ALIGN - 1) / ALIGN * ALIGN;
    return size < SMALLEST ? SMALLEST : size;
}

void *malloc(size_t request) {
    size_t size = block_size(request);
    struct block *block = size != 0 ? find(size) : NULL;
    if (block == NULL && size != 0 && grow(size))
        block = find(size);
    if (block == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    claim(block);
    trim(block, size);
    return payload(block);
}

void free(void *memory) {
    if (memory == NULL)
        return;
    struct block *block = block_of(memory);
    if (block->size & FREE) {
        static const char message[] = "free(): the block is free already\n";
        write(STDERR_FILENO, message, sizeof message - 1);
        abort();
    }
    release(block);
}

void *calloc(size_t count, size_t unit) {
    size_t size;
    if (__builtin_mul_overflow(count, unit, &size)) {
        errno = ENOMEM;
        return NULL;
    }
    void *memory = malloc(size);
    return memory != NULL ? memset(memory, 0, size) : NULL;
}

size_t malloc_usable_size(void *memory) {
    const size_t header = offsetof(struct block, next) - offsetof(struct block, size);
    return memory != NULL ? size_of(block_of(memory)) - header : 0;
}

void *realloc(void *memory, size_t request) {
    if (memory == NULL)
        return malloc(request);
    if (request == 0) {
        free(memory);
        return NULL;
    }
    size_t size = block_size(request);
    struct block *block = block_of(memory);
    struct block *following = after(block);
    if (size > size_of(block) && following->size & FREE &&
        size <= size_of(block) + size_of(following)) {
        claim(following);
        block->size += size_of(following);
    }
    if (size != 0 && size <= size_of(block)) {
        trim(block, size);
        return memory;
    }
    void *moved = malloc(request);
    if (moved != NULL) {
        memcpy(moved, memory, malloc_usable_size(memory));
        free(memory);
    }
    return moved;
}

void *memalign(size_t alignment, size_t request) {
    if (alignment <= ALIGN)
        return malloc(request);
    size_t size = block_size(request);
    if ((alignment & (alignment - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    if (size == 0 || block_size(alignment) == 0) {
        errno = ENOMEM;
        return NULL;
    }
    char *memory = malloc(request + alignment + SMALLEST);
    if (memory == NULL)
        return NULL;
    size_t gap = -(uintptr_t)memory % alignment;
    struct block *block = block_of(memory);
    if (gap != 0) {
        /* What is cut off in front must be large enough to be a block. */
        gap += gap < SMALLEST ? alignment : 0;
        struct block *front = block;
        block = at(front, gap);
        block->size = size_of(front) - gap;
        front->size -= block->size;
        release(front);
    }
    trim(block, size);
    return payload(block);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
        return EINVAL;
    void *block = memalign(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *memory = block;
    return 0;
}
