#include "greeter.h"

#include "kernel.h"

namespace {

class Console final : public Greeter {
public:
    void greet(const char *whom) override {
        print("hello, ");
        print(whom);
        print("\n");
        count_++;
    }
} the_console;

}  // namespace

Greeter &console() { return the_console; }

void print(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    kernel_write(text, length);
}

void print_number(uint32_t number) {
    char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    kernel_write(digits + at, sizeof digits - at);
}
