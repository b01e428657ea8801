// Does not end, with a lock of its own that nobody else may miss.
int main(void) {
    volatile int turns = 0;
    for (;;)
        turns++;
}
