//! away: 1 GiB | 3 GiB | 5 GiB
//! flags: -O2 -fPIC | -O0 -fPIC | -Os -fPIC -ffunction-sections -fdata-sections
//! output: made
//! output: ended
// C++ away from the image and the C runtime: both call back into the module, by a function, by a
// virtual function behind it, and from `qsort`; what runs before and after `main` writes by
// functions far away.
#include "../include/call_form.h"

extern "C" void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

static int calls;

struct Base {
    virtual int of(int x) const { return x; }
};

struct Derived : Base {
    int of(int x) const override { calls++; return x * 3; }
};

// (No destructor: code takes the address of `__dso_handle`, which the runtime has, as that of a
// symbol of its own module.)
struct Speaker {
    Speaker() { SAY("made"); }
};

__attribute__((destructor)) static void end() { SAY("ended"); }

static Speaker speaker;
static Derived derived;
static const Base *volatile shown = &derived;

static int through_virtual(int x) { return shown->of(x); }

int main() {
    CHECK(kernel_call_back(through_virtual, 5) == 30);
    CHECK(kernel_call_back([](int x) { return kernel_call_back(through_virtual, x) + 1; }, 1) == 14);
    CHECK(calls == 2);
    int numbers[] = {5, 3, 9, 1, 7, 2};
    qsort(numbers, COUNT(numbers), sizeof *numbers, [](const void *a, const void *b) {
        calls++;
        return *static_cast<const int *>(a) - *static_cast<const int *>(b);
    });
    for (size_t at = 1; at < COUNT(numbers); at++)
        CHECK(numbers[at - 1] < numbers[at]);
    CHECK(calls > 7);
    // The runtime is none of the module's: it lies beside the image.
    void (*volatile sort)(void *, size_t, size_t, int (*)(const void *, const void *)) = qsort;
    CHECK((uintptr_t)&through_virtual - (uintptr_t)sort > (uintptr_t)1 << 30);
    return 0;
}
