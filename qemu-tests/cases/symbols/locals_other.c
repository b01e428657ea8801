static int state = 2;
__attribute__((noinline)) static int answer(void) { return 1000 + state; }
int other_answer(void) { return answer(); }
int *other_state(void) { return &state; }
