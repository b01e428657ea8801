/* A module: compiled with -c, and not linked by anything but the loader. */
extern void kernel_print(const char *text);

static const char *const colours[] = {"red", "green", "blue"};
static int blinks = 39;

__attribute__((constructor)) static void hello(void)
{
    kernel_print("  blink: hello\n");
}

__attribute__((destructor)) static void goodbye(void)
{
    kernel_print("  blink: goodbye\n");
}

int blink(void)
{
    for (int i = 0; i < 3; i++, blinks++) {
        kernel_print("  blink: ");
        kernel_print(colours[i]);
        kernel_print("\n");
    }
    return blinks;
}
