/* What templates of libstdc++'s headers call to throw what the rest of that library defines. */
#include "fail.h"

#define NOT_HERE ": it is of libstdc++, which is not here"

FAIL_AS(bad_function_call, "_ZSt25__throw_bad_function_callv", "std::bad_function_call" NOT_HERE)
FAIL_AS(invalid_argument, "_ZSt24__throw_invalid_argumentPKc", "std::invalid_argument" NOT_HERE)
FAIL_AS(length_error, "_ZSt20__throw_length_errorPKc", "std::length_error" NOT_HERE)
FAIL_AS(logic_error, "_ZSt19__throw_logic_errorPKc", "std::logic_error" NOT_HERE)
FAIL_AS(out_of_range, "_ZSt20__throw_out_of_rangePKc", "std::out_of_range" NOT_HERE)
FAIL_AS(out_of_range_fmt, "_ZSt24__throw_out_of_range_fmtPKcz", "std::out_of_range" NOT_HERE)
FAIL_AS(runtime_error, "_ZSt21__throw_runtime_errorPKc", "std::runtime_error" NOT_HERE)

/* These are libsupc++'s own exceptions, but thrown by functions of libstdc++. */
FAIL_AS(bad_alloc, "_ZSt17__throw_bad_allocv", "std::bad_alloc: out of memory")
FAIL_AS(bad_array_new_length, "_ZSt28__throw_bad_array_new_lengthv", "std::bad_array_new_length")
FAIL_AS(bad_cast, "_ZSt16__throw_bad_castv", "std::bad_cast")
