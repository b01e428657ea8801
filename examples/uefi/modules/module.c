/* A module: what the application calls is `run`. */
extern void print(const char *text, unsigned long length);

#define SAY(text) print(text, sizeof(text) - 1)

static int ready;
static const int *const answer = &(const int){42};

__attribute__((constructor)) static void hello(void)
{
    SAY("the module is ready\r\n");
    ready = 1;
}

__attribute__((destructor)) static void goodbye(void)
{
    SAY("the module goes\r\n");
}

int run(void)
{
    SAY("the module runs\r\n");
    return ready ? *answer : -1;
}
