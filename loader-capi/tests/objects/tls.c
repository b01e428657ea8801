/* Thread-local variables, with and without a value. */
__thread int with_value = 40;
__thread int zero;
int sum(void) { return with_value + zero; }
