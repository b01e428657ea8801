// Exceptions, templates, virtual functions and inline variables, of which `main` needs a part.
extern "C" void used_import(), unused_import();

struct Guard {
    void (*end)();
    ~Guard() { end(); }
};

struct Problem {
    int code;
};

struct Other {
    int code;
};

template <typename What> struct Holder {
    static inline int count = 3;
    virtual ~Holder() { used_import(); }
    virtual int value() { return count; }
};

template <typename What> __attribute__((noinline)) int caught(int code) {
    Guard guard = { used_import };
    try {
        if (code > 3)
            throw What{code};
        used_import();
    } catch (const What &what) {
        return what.code;
    }
    return 0;
}

int unused(int code) {
    Guard guard = { unused_import };
    try {
        unused_import();
    } catch (const Other &other) {
        return other.code + caught<Other>(code);
    }
    return Holder<Other>().value();
}

static int table[] = { 1, 2, 3 };
int unused_data = table[1];
thread_local int unused_variable = 5;
thread_local int used_variable = 7;

__attribute__((constructor)) static void constructed() { used_variable = table[0]; }

int main(int count, char **) {
    Holder<Problem> holder;
    Holder<Problem> *pointer = &holder;
    asm volatile("" : "+r"(pointer));
    return caught<Problem>(count) + pointer->value();
}
