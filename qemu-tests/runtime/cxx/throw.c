/* Exceptions: none. Code compiled with them on links and runs until it throws. */
#include "fail.h"

#define NO_EXCEPTIONS ": C++ exceptions are not supported"

FAIL(_Unwind_Resume, "_Unwind_Resume" NO_EXCEPTIONS)
FAIL(__cxa_allocate_exception, "throw" NO_EXCEPTIONS)
FAIL(__cxa_begin_catch, "catch" NO_EXCEPTIONS)
FAIL(__cxa_call_unexpected, "unexpected exception" NO_EXCEPTIONS)
FAIL(__cxa_end_catch, "catch" NO_EXCEPTIONS)
FAIL(__cxa_free_exception, "throw" NO_EXCEPTIONS)
FAIL(__cxa_get_exception_ptr, "catch" NO_EXCEPTIONS)
FAIL(__cxa_rethrow, "rethrow" NO_EXCEPTIONS)
FAIL(__cxa_throw, "throw" NO_EXCEPTIONS)
FAIL(__cxa_throw_bad_array_new_length, "std::bad_array_new_length" NO_EXCEPTIONS)
FAIL(__gxx_personality_v0, "__gxx_personality_v0" NO_EXCEPTIONS)
FAIL(__gcc_personality_v0, "__gcc_personality_v0" NO_EXCEPTIONS)

/* What templates of libstdc++'s headers call. */
FAIL_AS(bad_alloc, "_ZSt17__throw_bad_allocv", "std::bad_alloc" NO_EXCEPTIONS)
FAIL_AS(bad_array_new_length, "_ZSt28__throw_bad_array_new_lengthv",
        "std::bad_array_new_length" NO_EXCEPTIONS)
FAIL_AS(bad_cast, "_ZSt16__throw_bad_castv", "std::bad_cast" NO_EXCEPTIONS)
FAIL_AS(bad_function_call, "_ZSt25__throw_bad_function_callv",
        "std::bad_function_call" NO_EXCEPTIONS)
FAIL_AS(invalid_argument, "_ZSt24__throw_invalid_argumentPKc",
        "std::invalid_argument" NO_EXCEPTIONS)
FAIL_AS(length_error, "_ZSt20__throw_length_errorPKc", "std::length_error" NO_EXCEPTIONS)
FAIL_AS(logic_error, "_ZSt19__throw_logic_errorPKc", "std::logic_error" NO_EXCEPTIONS)
FAIL_AS(out_of_range, "_ZSt20__throw_out_of_rangePKc", "std::out_of_range" NO_EXCEPTIONS)
FAIL_AS(out_of_range_fmt, "_ZSt24__throw_out_of_range_fmtPKcz",
        "std::out_of_range" NO_EXCEPTIONS)
FAIL_AS(runtime_error, "_ZSt21__throw_runtime_errorPKc", "std::runtime_error" NO_EXCEPTIONS)
