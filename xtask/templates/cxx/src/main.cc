// A module that greets its arguments, and has of C++ what a loader must do something for.
#include "loader_module.h"

#include "greeter.h"

LOADER_MODULE_NAME("@NAME@");
LOADER_MODULE_VERSION(0, 1, 0);
// The loader can set it before the module runs.
LOADER_PARAMETER(uint32_t, greetings, 1, "how often each argument is greeted");

namespace {

// Constructed before `main`, destroyed when the module goes.
struct Stay {
    Stay() { print("@NAME@ is here\n"); }
    ~Stay() { print("@NAME@ is gone\n"); }
} stay;

}  // namespace

// A freestanding compiler would have another name for it.
extern "C" int main(int argc, char **argv) {
    Greeter &greeter = console();
    for (int at = 1; at < argc; at++) {
        for (uint32_t again = 0; again < greetings; again++)
            greeter.greet(argv[at]);
    }
    print_number(greeter.count());
    print(" greetings\n");
    return 0;
}
