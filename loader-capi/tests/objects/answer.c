/* A module with all kinds of sections, that imports a function and a weak one that nobody has. */
extern int question(int);
extern int nobody(void) __attribute__((weak));

static int calls;
static int zeros[100];
int log_of_life[8] = {1};
const char *const texts[] = {"forty", "two"};

static void note(int what)
{
    log_of_life[log_of_life[0]++ & 7] = what;
}

__attribute__((constructor(200))) static void second(void) { note(200); }
__attribute__((constructor(101))) static void first(void) { note(101); }
__attribute__((destructor)) static void last(void) { note(-1); }

int answer(void)
{
    zeros[calls++] = 40;
    return question(zeros[0]) + (nobody ? nobody() : 0) + (texts[1][0] != 't');
}

int unused(void)
{
    return question(7);
}
