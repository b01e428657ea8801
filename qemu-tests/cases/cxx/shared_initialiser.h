#include "../include/case.h"

extern int made;

// Not to be worked out by the compiler.
NOINLINE inline int make(int x) {
    made++;
    return OPAQUE(x) + 10;
}

template <class T> struct Holder {
    static T member;
};
template <class T> T Holder<T>::member = make(2);

inline int inline_member = make(2);
