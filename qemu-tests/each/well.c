// Uses some of everything: code, constants, data, zeros, an initialiser, the kernel.
void kernel_write(const char *text, unsigned long length);

static int ready;
static char text[16] = "all is ";
static const char *const end = "well\n";

__attribute__((constructor)) static void prepare(void) {
    int at = 7;
    for (const char *from = end; *from; from++)
        text[at++] = *from;
    ready = at;
}

int main(void) {
    kernel_write(text, ready);
    return ready == 12 ? 0 : 1;
}
