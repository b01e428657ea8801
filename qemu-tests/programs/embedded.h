/* Files that a program has in it, as there are no others: the array is made of them by xtask. */
#ifndef EMBEDDED_H
#define EMBEDDED_H

#include <stddef.h>
#include <string.h>

struct embedded {
	const char *name;  /* without the folder; NULL behind the last one */
	const char *bytes; /* with a zero behind them */
	size_t size;
};

extern const struct embedded embedded[];

static inline const struct embedded *embedded_find(const char *name)
{
	for (const struct embedded *file = embedded; file->name; file++)
		if (!strcmp(file->name, name))
			return file;
	return NULL;
}

#endif
