// Overwrites all that it can reach above its own data, the kernel's included where it has the kernel's
// rights.
static char own[64];

int main(void) {
    for (unsigned long away = 4096; away < 1ul << 27; away += 4096)
        for (int word = 0; word < 512; word++)
            *(volatile long *)(own + away + word * 8) = -1;
    return 0;
}
