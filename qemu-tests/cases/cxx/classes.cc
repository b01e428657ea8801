// Virtual calls, constructors and destructors, operator new and delete.
#include "../include/case.h"

static int alive;

struct Shape {
    Shape() { alive++; }
    virtual ~Shape() { alive--; }
    virtual int area() const = 0;
    virtual int corners() const { return 0; }
};

struct Square : Shape {
    int side;
    explicit Square(int s) : side(s) {}
    int area() const override { return side * side; }
    int corners() const override { return 4; }
};

struct Named {
    virtual const char *name() const { return "?"; }
    virtual ~Named() {}
};

// The second base's calls go through a thunk that moves `this`.
struct Block final : Square, Named {
    int height;
    Block(int s, int h) : Square(s), height(h) {}
    int area() const override { return side * height; }
    const char *name() const override { return height > 5 ? "tall" : "flat"; }
};

NOINLINE static int total(const Shape *const *shapes, int count) {
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += shapes[i]->area() + shapes[i]->corners();
    return sum;
}

int main() {
    Square square(3);
    auto *block = new Block(2, 7);
    const Shape *shapes[] = {&square, block};
    CHECK(total(shapes, 2) == 9 + 4 + 14 + 4);
    const Named *named = OPAQUE(static_cast<Named *>(block));
    CHECK(named->name()[0] == 't');
    CHECK(alive == 2);
    int (Shape::*member)() const = &Shape::area;
    CHECK((OPAQUE(static_cast<Shape *>(block))->*member)() == 14);
    delete OPAQUE(static_cast<Named *>(block));
    CHECK(alive == 1);
    return 0;
}
