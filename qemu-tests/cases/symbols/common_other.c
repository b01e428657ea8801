int shared;
char grows[5000];
char aligned_here[24];
char aligned_there[24] __attribute__((aligned(1024)));
int defined_there = 77;

int *other_shared(void) { return &shared; }
char *other_grows(void) { return grows; }
char *other_aligned_here(void) { return aligned_here; }
char *other_aligned_there(void) { return aligned_there; }
