/* FAIL(symbol, message): a function that ends the program, saying why. */
#pragma once

_Noreturn void __runtime_fail(const char *message);

/* `name` only tells the definitions apart in C; `symbol` is what C++ mangles it to. */
#define FAIL_AS(name, symbol, message)              \
    _Noreturn void name(void) __asm__(symbol);      \
    _Noreturn void name(void) {                     \
        __runtime_fail(message);                    \
    }
#define FAIL(symbol, message) FAIL_AS(symbol, #symbol, message)
