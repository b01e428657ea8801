// Ends from inside of another function.
_Noreturn void kernel_exit(int code);

__attribute__((noinline)) static int leave(int code) { kernel_exit(code); }

int main(void) { return leave(3); }
