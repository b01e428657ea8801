// Functions that call each other, and the last of them faults.
#ifndef BACKTRACE_H
#define BACKTRACE_H

int backtrace_inner(int *place);
int backtrace_middle(int value);

#endif
