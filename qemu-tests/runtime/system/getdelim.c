/* getdelim, which getline stands on. picolibc's returns 0 at the end of the input, where a
 * loop over lines expects -1, and does not always end the line with a 0. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { GROWTH = 128 };

ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter,
                 FILE *restrict stream) {
    size_t count = 0;
    int c;
    if (line == NULL || size == NULL) {
        errno = EINVAL;
        return -1;
    }
    do {
        c = getc(stream);
        if (c == EOF && count == 0)
            return -1;
        if (*line == NULL || count + 2 > *size) {
            char *larger = realloc(*line, count + GROWTH);
            if (larger == NULL)
                return -1;
            *line = larger;
            *size = count + GROWTH;
        }
        if (c != EOF)
            (*line)[count++] = c;
        (*line)[count] = '\0';
    } while (c != EOF && c != delimiter);
    return count;
}
