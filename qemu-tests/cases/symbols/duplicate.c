//! with: duplicate_other.c
//! flags: -O2
//! refused: plan; twice_defined, duplicate.o, duplicate_other.o
// Two strong definitions of one name.
int twice_defined(void) { return 0; }
int main(void) { return twice_defined(); }
