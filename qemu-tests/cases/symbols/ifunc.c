//! compilers: gcc
//! flags: -O2 | -O2 -fPIC
//! arch: aarch64 x86_64; gcc for RISC-V does not know the attribute
//! refused: plan; chosen, IFUNC
// A function that is chosen at load time by another: the loader never runs loaded code, so it is
// refused by its name. (clang has IFUNC for systems that have it, not for bare machines.)
static int one(void) { return 1; }
static int (*choose(void))(void) { return one; }
int chosen(void) __attribute__((ifunc("choose")));

int main(void) { return chosen() - 1; }
