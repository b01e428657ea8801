/* operator new and delete. In C, under the names that C++ mangles them to, so that no C++
 * header is needed to compile them. */
#include <stdlib.h>

#include "fail.h"

/* Every allocation has an address of its own, an empty one too. */
static void *allocate(size_t size) {
    return malloc(size != 0 ? size : 1);
}

static void *allocate_aligned(size_t size, size_t alignment) {
    void *block = NULL;
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    return posix_memalign(&block, alignment, size != 0 ? size : 1) == 0 ? block : NULL;
}

static void *or_fail(void *block) {
    if (block == NULL)
        __runtime_fail("operator new: out of memory, and C++ exceptions are not supported");
    return block;
}

/* A function under its C++ name. What comes behind the first parameters, the sizes and
 * alignments given to `delete` and std::nothrow, is not looked at, so it is not declared. */
#define OPERATOR(type, name, symbol, ...)   \
    type name(__VA_ARGS__) __asm__(symbol); \
    type name(__VA_ARGS__)

OPERATOR(void *, new, "_Znwm", size_t size) {
    return or_fail(allocate(size));
}
OPERATOR(void *, new_array, "_Znam", size_t size) {
    return or_fail(allocate(size));
}
OPERATOR(void *, new_nothrow, "_ZnwmRKSt9nothrow_t", size_t size) {
    return allocate(size);
}
OPERATOR(void *, new_array_nothrow, "_ZnamRKSt9nothrow_t", size_t size) {
    return allocate(size);
}

#define ALIGNED size_t size, size_t alignment

OPERATOR(void *, new_aligned, "_ZnwmSt11align_val_t", ALIGNED) {
    return or_fail(allocate_aligned(size, alignment));
}
OPERATOR(void *, new_array_aligned, "_ZnamSt11align_val_t", ALIGNED) {
    return or_fail(allocate_aligned(size, alignment));
}
OPERATOR(void *, new_aligned_nothrow, "_ZnwmSt11align_val_tRKSt9nothrow_t", ALIGNED) {
    return allocate_aligned(size, alignment);
}
OPERATOR(void *, new_array_aligned_nothrow, "_ZnamSt11align_val_tRKSt9nothrow_t", ALIGNED) {
    return allocate_aligned(size, alignment);
}

#define DELETE(name, symbol)                   \
    OPERATOR(void, name, symbol, void *block) { \
        free(block);                           \
    }

DELETE(delete, "_ZdlPv")
DELETE(delete_aligned, "_ZdlPvSt11align_val_t")
DELETE(delete_aligned_nothrow, "_ZdlPvSt11align_val_tRKSt9nothrow_t")
DELETE(delete_array, "_ZdaPv")
DELETE(delete_array_aligned, "_ZdaPvSt11align_val_t")
DELETE(delete_array_aligned_nothrow, "_ZdaPvSt11align_val_tRKSt9nothrow_t")
DELETE(delete_array_nothrow, "_ZdaPvRKSt9nothrow_t")
DELETE(delete_array_sized, "_ZdaPvm")
DELETE(delete_array_sized_aligned, "_ZdaPvmSt11align_val_t")
DELETE(delete_nothrow, "_ZdlPvRKSt9nothrow_t")
DELETE(delete_sized, "_ZdlPvm")
DELETE(delete_sized_aligned, "_ZdlPvmSt11align_val_t")

/* std::nothrow: an empty object that only its type tells anything by. */
extern const char nothrow __asm__("_ZSt7nothrow");
const char nothrow = 0;
