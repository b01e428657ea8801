/* The unwinder, where the kernel has none: then nothing can be thrown. */
#include "fail.h"

#define NO_UNWINDER ": this kernel has no unwinder, so nothing can be thrown"

FAIL(_Unwind_DeleteException, "catch" NO_UNWINDER)
FAIL(_Unwind_GetDataRelBase, "_Unwind_GetDataRelBase" NO_UNWINDER)
FAIL(_Unwind_GetIPInfo, "_Unwind_GetIPInfo" NO_UNWINDER)
FAIL(_Unwind_GetLanguageSpecificData, "_Unwind_GetLanguageSpecificData" NO_UNWINDER)
FAIL(_Unwind_GetRegionStart, "_Unwind_GetRegionStart" NO_UNWINDER)
FAIL(_Unwind_GetTextRelBase, "_Unwind_GetTextRelBase" NO_UNWINDER)
FAIL(_Unwind_RaiseException, "throw" NO_UNWINDER)
FAIL(_Unwind_Resume, "_Unwind_Resume" NO_UNWINDER)
FAIL(_Unwind_Resume_or_Rethrow, "rethrow" NO_UNWINDER)
FAIL(_Unwind_SetGR, "_Unwind_SetGR" NO_UNWINDER)
FAIL(_Unwind_SetIP, "_Unwind_SetIP" NO_UNWINDER)
