// Takes a heap, and uses it.
void *kernel_sbrk(long bytes);
void kernel_write(const char *text, unsigned long size);

int main(void) {
    char *heap = kernel_sbrk(1 << 20);
    for (int at = 0; at < 1 << 20; at += 64)
        heap[at] = 1;
    kernel_write("all is well\n", 12);
    return 0;
}
