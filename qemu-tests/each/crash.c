// Writes to nowhere.
int main(void) {
    *(int *volatile *)8 = 0;
    return 0;
}
