//! flags: -O2
//! with: unresolved_second_other.c
//! refused: resolve; only_the_second_misses_this, unresolved_second_other.o
// The object that misses a symbol is named, not the first one.
int helper(void);
int main(void) { return helper(); }
