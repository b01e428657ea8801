/* The ends that a correct program never reaches. */
#include "fail.h"

FAIL(__cxa_deleted_virtual, "deleted virtual function called")
FAIL(__cxa_pure_virtual, "pure virtual function called")
FAIL_AS(terminate, "_ZSt9terminatev", "std::terminate called")
