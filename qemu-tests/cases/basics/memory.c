// What lies in .data, .bss and .rodata is there, whole, and writable where it should be.
#include "../include/case.h"

static const char greeting[] = "a string in .rodata";
static char zeros[100000];
static int squares[] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81};
const char *names[] = {"zero", "one", "two"};

struct record { char name[12]; double weight; struct record *next; };
static struct record last = {"last", 2.5, 0};
static struct record first = {"first", 1.5, &last};

int main(void) {
    size_t length = 0;
    while (greeting[length] != 0)
        length++;
    CHECK(length == sizeof(greeting) - 1);
    for (size_t i = 0; i < sizeof(zeros); i++)
        CHECK(zeros[i] == 0);
    for (size_t i = 0; i < sizeof(zeros); i += 4096)
        zeros[i] = (char)i + 1;
    CHECK(zeros[8192] == 1);
    for (int i = 0; i < (int)COUNT(squares); i++)
        CHECK(squares[i] == i * i);
    squares[3] = 0;
    CHECK(squares[2] + squares[3] + squares[4] == 20);
    CHECK(names[2][0] == 't' && names[2][2] == 'o');
    CHECK(first.next == &last && first.next->next == 0);
    CHECK(first.weight + first.next->weight == 4.0);
    return 0;
}
