/* Which of two functions it is shows when a resolver is called. */
static int one(void) { return 1; }
static int two(void) { return 2; }
int which = 2;
static void *choose(void) { return which == 2 ? (void *)two : (void *)one; }
int chosen(void) __attribute__((ifunc("choose")));
int call_chosen(void) { return 10 * chosen(); }
