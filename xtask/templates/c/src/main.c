/* A module that greets its arguments. */
#include "loader_module.h"

#include "print.h"

LOADER_MODULE_NAME("@NAME@");
LOADER_MODULE_VERSION(0, 1, 0);
/* The loader can set it before the module runs. */
LOADER_PARAMETER(uint32_t, greetings, 1, "how often each argument is greeted");

int main(int argc, char **argv) {
    uint32_t count = 0;
    for (int at = 1; at < argc; at++) {
        for (uint32_t again = 0; again < greetings; again++) {
            print("hello, ");
            print(argv[at]);
            print("\n");
            count++;
        }
    }
    print_number(count);
    print(" greetings\n");
    return 0;
}
