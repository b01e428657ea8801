int countdown(int n);
extern int calls;

int other_calls = 200;
extern const int other_table[4];
const int other_table[4] = {10, 20, 30, 40};
int *const other_view = &calls;

int other_countdown(int n) {
    other_calls++;
    if (*other_view != calls)
        return -1;
    return n == 0 ? 0 : countdown(n - 1) + 1;
}
