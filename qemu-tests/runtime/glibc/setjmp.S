/* setjmp as glibc's headers name it. Its jmp_buf is larger than ours on all three machines,
 * and there is no signal mask to save. */
#include "tail.h"

ALIAS(__longjmp_chk, longjmp)
ALIAS(__sigsetjmp, setjmp)
ALIAS(_longjmp, longjmp)
ALIAS(_setjmp, setjmp)
ALIAS(siglongjmp, longjmp)
