int only_the_second_misses_this(void);
int helper(void) { return only_the_second_misses_this() + 1; }
