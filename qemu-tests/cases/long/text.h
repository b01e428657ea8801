// A text longer than a call reaches: first, middle and last function, a filler of 64 MiB (AArch64)
// or 1 GiB between each two. Code behind the first filler does not reach the module's data.
#define NEAR ((uintptr_t)4 << 30)
#include "../include/call_form.h"

int first_add(int x);
int first_far(int x);
int middle_add(int x);
int middle_to_first(int x);
int middle_to_last(int x);
int last_add(int x);
int last_to_middle(int x);
int last_to_first(int x);
int last_far(int x);
