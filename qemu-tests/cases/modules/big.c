// A module with many relocations: 1,024 pointers to what lies all over it, each of which it looks at.
#include "module.h"

MODULE(big, 1)

#define ROW(r) { &items[r][0], &items[r][1], &items[r][2], &items[r][3] }
#define ROWS_4(r) ROW(r), ROW(r + 1), ROW(r + 2), ROW(r + 3)
#define ROWS_16(r) ROWS_4(r), ROWS_4(r + 4), ROWS_4(r + 8), ROWS_4(r + 12)
#define ROWS_64(r) ROWS_16(r), ROWS_16(r + 16), ROWS_16(r + 32), ROWS_16(r + 48)

static char items[256][4];
static char *const table[256][4] = { ROWS_64(0), ROWS_64(64), ROWS_64(128), ROWS_64(192) };

int big_value(int x) {
    int wrong = 0;
    for (int row = 0; row < 256; row++)
        for (int column = 0; column < 4; column++)
            wrong += table[row][column] != &items[row][column];
    return CALLED(x) + wrong;
}
