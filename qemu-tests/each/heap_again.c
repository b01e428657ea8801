// Uses a heap that it has not taken, but others before it have: in user mode nothing is left of that.
void *kernel_sbrk(long bytes);
void kernel_write(const char *text, unsigned long size);

int main(void) {
    volatile char *heap = kernel_sbrk(0);
    if (heap[4096] == 2)
        return 1;
    kernel_write("all is well\n", 12);
    return 0;
}
