//! harts: both
//! repeat: 5
//! with: ../symbols/common_other.c
//! flags: -O2 -fcommon | -O2 -fcommon -fPIC -ffunction-sections
//! output: a line that one hart prints in one piece, whatever the other prints at the same time
// Both harts load, run and unload a program at the same time, each its own copy: data, heap,
// thread-local variables. Page permissions change on both all the while.
#include "../include/harts.h"

// Declared here, as the C library's headers are not a compiler's own.
void *malloc(size_t size);
void free(void *block);

int shared;
int *other_shared(void);
static int runs = 1;
static int zeroed[3000];
static __thread int mine = 3, zero;
static int (*volatile far)(int) = kernel_test_far;

__attribute__((constructor)) static void start(void) { runs++; }

int main(void) {
    int hart = (int)kernel_hart();
    CHECK(runs++ == 2);
    CHECK(shared == 0 && other_shared() == &shared);
    shared = hart + 1;
    CHECK(mine++ == 3 && zero++ == 0);
    for (int i = 0; i < (int)COUNT(zeroed); i++)
        CHECK(zeroed[i]++ == 0);
    int *blocks[20];
    for (int i = 0; i < (int)COUNT(blocks); i++) {
        blocks[i] = malloc(1000);
        CHECK(blocks[i] != NULL);
        blocks[i][0] = blocks[i][249] = hart * 100 + i;
    }
    SAY("a line that one hart prints in one piece, whatever the other prints at the same time");
    for (int i = 0; i < (int)COUNT(blocks); i++) {
        CHECK(blocks[i][0] == hart * 100 + i && blocks[i][249] == hart * 100 + i);
        free(blocks[i]);
    }
    CHECK(far(1) == 2 && kernel_test_far(2) == 3);
    CHECK((int)kernel_hart() == hart && *other_shared() == hart + 1);
    CHECK(mine == 4 && zero == 1);
    return 0;
}
