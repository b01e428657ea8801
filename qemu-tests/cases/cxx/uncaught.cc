//! compilers: gcc
//! flags: -O2 -fexceptions -frtti
//! expect: aborted
//! output: terminate called after throwing an instance of 'Unheard'
//! output:   what():  nobody listens
// What nobody catches ends the program, and says what it was.
#include <exception>

#include "../include/case.h"

struct Unheard : std::exception {
    const char *what() const noexcept override { return "nobody listens"; }
};

int main() {
    if (OPAQUE(1))
        throw Unheard();
    return 0;
}
