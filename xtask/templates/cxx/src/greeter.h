// Greeting, in whatever way.
#ifndef GREETER_H
#define GREETER_H

#include <stdint.h>

class Greeter {
public:
    virtual void greet(const char *whom) = 0;
    uint32_t count() const { return count_; }

protected:
    ~Greeter() = default;
    uint32_t count_ = 0;
};

// The one that prints through the kernel.
Greeter &console();

void print(const char *text);
void print_number(uint32_t number);

#endif
