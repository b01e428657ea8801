/* Calls what Rust has made of three crates. */
#include <stddef.h>
#include <stdio.h>

int crates_run(void (*print)(const char *, size_t));

static void print(const char *text, size_t size)
{
	fwrite(text, 1, size, stdout);
}

int main(void)
{
	return crates_run(print);
}
