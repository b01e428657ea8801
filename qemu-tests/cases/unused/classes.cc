//! options: gc_sections
//! flags: -O2 -ffunction-sections -fdata-sections | -O0 -ffunction-sections -fdata-sections -fPIC
//! holds: COMDAT
//! output: built
//! output: area 12
//! output: gone
// Virtual functions are kept by their tables, and those by what builds the objects; templates and
// inline functions go one by one.
#include "../include/case.h"

extern "C" int printf(const char *, ...);
extern int nobody_defines_this();

struct Shape {
    virtual int area() const = 0;
};

struct Square final : Shape {
    int side;
    explicit Square(int side) : side(side) {}
    int area() const override { return side * side; }
};

// Nobody builds one.
struct Unbuilt : Shape {
    int area() const override;
};
int Unbuilt::area() const { return nobody_defines_this(); }

template <int Times> int scaled(const Shape &shape) { return Times * shape.area(); }
template int scaled<7>(const Shape &);

struct Announced {
    Announced() { SAY("built"); }
    ~Announced() { SAY("gone"); }
};
static Announced announced;

int main() {
    Square square(2);
    printf("area %d\n", scaled<3>(*OPAQUE(&square)));
    return 0;
}
