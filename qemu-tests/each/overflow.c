// Calls itself until there is no stack left.
__attribute__((noinline)) int deeper(int depth) {
    volatile char room[256];
    room[depth & 255] = 1;
    return deeper(depth + 1) + room[0];
}

int main(void) { return deeper(0); }
