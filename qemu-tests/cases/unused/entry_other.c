extern int nobody_defines_this_either(void);

static int three(void) { return 3; }

struct entry {
    int (*function)(void);
};

__attribute__((used, aligned(8), section("table"))) static struct entry entries[] = { { three } };

static int forty_two = 42;

int kept_in_other(void) { return forty_two; }

int unused_in_other(void) { return nobody_defines_this_either() + forty_two; }
