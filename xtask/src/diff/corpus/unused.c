// What keeps sections, and what does not: boundaries, links, marks, references that do nothing.
extern void nobody(void);
extern int __start_listed[], __stop_listed[];
extern int __start_unlisted[];
int common_used, common_unused;

__attribute__((section("listed"), used)) static int one = 1;
static int by_pointer = 5;
__attribute__((section("unlisted"), used)) static int *pointer = &by_pointer;

int unlisted_user(void) { return __start_unlisted[0]; }

__attribute__((weak)) int weak_used(void) { return 3; }
__attribute__((weak)) int weak_unused(void) { return 4; }

static int chain_end = 9;
static int *chain = &chain_end;
static int **chain_start = &chain;
int chained(void) { return **chain_start; }
int unused_chained(int *more) { nobody(); return *more + unlisted_user(); }

// A section that says of itself that it is kept, with what it needs; one that is linked to what is
// used, and lives with it; and one linked to what nothing uses.
__asm__(".pushsection .data.retained,\"awR\"\n.dc.a retained_target\n.popsection\n"
        ".pushsection .data.retained_target,\"aw\"\nretained_target: .dc.a 0\n.popsection\n"
        ".pushsection .text.linked_used,\"ax\"\n.globl linked_used\nlinked_used: .long 0\n.popsection\n"
        ".pushsection .text.linked_unused,\"ax\"\nlinked_unused: .long 0\n.popsection\n"
        ".pushsection .meta.used,\"ao\",%progbits,linked_used\n.dc.a meta_target\n.popsection\n"
        ".pushsection .meta.unused,\"ao\",%progbits,linked_unused\n.dc.a 0\n.popsection\n"
        ".pushsection .data.meta_target,\"aw\"\nmeta_target: .dc.a 0\n.popsection\n"
        ".pushsection .note.kept,\"a\",%note\n.long 4, 0, 1\n.asciz \"abc\"\n.popsection\n");

extern const int linked_used;

int main(void) {
    int sum = weak_used() + chained() + common_used + linked_used;
    for (int *at = __start_listed; at < __stop_listed; at++)
        sum += *at;
    return sum;
}
