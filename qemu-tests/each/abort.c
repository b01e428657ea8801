// Aborts, with a finaliser that is not to run.
_Noreturn void kernel_abort(void);
_Noreturn void kernel_exit(int code);

__attribute__((destructor)) static void finish(void) { kernel_exit(9); }

int main(void) { kernel_abort(); }
