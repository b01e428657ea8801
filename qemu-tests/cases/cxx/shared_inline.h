#include "../include/case.h"

typedef long (*Function)(long);

inline int inline_variable = 5;

NOINLINE inline int next() {
    static int last = 0;
    return ++last;
}

template <class T> NOINLINE T twice(T x) { return x + x; }

template <class T> struct Counter {
    static int count;
    T value = 7;
    // The first use makes it: guarded by a variable that both objects share.
    NOINLINE static Counter &instance() {
        static Counter made = make();
        return made;
    }
    NOINLINE static Counter make() {
        count *= 10;
        return Counter();
    }
};
template <class T> int Counter<T>::count = 10;

struct Animal {
    virtual int legs() const { return 4; }
};
