/* A kernel that loads modules: one that works, and one that is refused. */
#include "loader.h"
#include "machine.h"
#include "pages.h"

extern const unsigned char blink[], blink_end[], lost[], lost_end[];

/* What modules see of the kernel. */
static const struct export {
    const char *name;
    void *address;
} exports[] = {
    {"kernel_print", (void *)print},
};

static int is_named(const char *name, size_t length, const char *known)
{
    size_t i = 0;
    while (i < length && known[i] == name[i] && known[i])
        i++;
    return i == length && !known[i];
}

static int resolve(void *context, const char *name, size_t length, uint64_t *address)
{
    (void)context;
    for (size_t i = 0; i < sizeof exports / sizeof exports[0]; i++) {
        if (is_named(name, length, exports[i].name)) {
            *address = (uintptr_t)exports[i].address;
            return 1;
        }
    }
    return 0;
}

static int call(void *context, uint64_t function)
{
    (void)context;
    ((void (*)(void))(uintptr_t)function)();
    return 0;
}

static void check(const struct loader *loader, enum loader_status status)
{
    char message[256];
    if (status == LOADER_STATUS_OK)
        return;
    print(loader_status_text(status));
    print(": ");
    loader_error_message(loader, message, sizeof message);
    print(message);
    print("\n");
    power_off(1);
}

static _Alignas(LOADER_ALIGN) unsigned char memory[LOADER_MEMORY(1)];
static _Alignas(LOADER_SCRATCH_ALIGN) unsigned char scratch[4096];
static const struct loader_resolver resolver = {NULL, resolve};

static struct loader *parsed(const char *name, const unsigned char *start, const unsigned char *end)
{
    struct loader *loader;
    check(NULL, loader_new(memory, sizeof memory, &loader));
    check(loader, loader_parse(loader, name, start, (size_t)(end - start), NULL));
    return loader;
}

/* Loads a module, calls a function in it, and unloads it. */
static void run(void)
{
    struct loader_memory_manager manager = pages_manager();
    struct loader_plan_info plan;
    uint64_t function;
    struct loader *loader = parsed("blink.o", blink, blink_end);
    check(loader, loader_plan(loader, NULL, scratch, sizeof scratch));
    check(loader, loader_plan_info(loader, &plan));
    print("blink.o takes ");
    print_number(plan.text.size + plan.read_only.size + plan.data.size);
    print(" bytes\n");
    check(loader, loader_place(loader, &manager));
    check(loader, loader_resolve(loader, &resolver, NULL));
    check(loader, loader_seal(loader));
    print("blink.o is loaded, in ");
    print_number(pages_used());
    print(" pages\n");
    check(loader, loader_each_initialiser(loader, call, NULL));
    check(loader, loader_symbol(loader, "blink", &function));
    int result = ((int (*)(void))(uintptr_t)function)();
    print("blink() is ");
    print_number((uint64_t)result);
    print("\n");
    check(loader, loader_each_finaliser(loader, call, NULL));
    check(loader, loader_unload(loader));
    check(loader, loader_delete(loader));
    print("blink.o is unloaded, ");
    print_number(pages_used());
    print(" pages are used\n");
    if (result != 42)
        power_off(3);
}

/* Shows what a module is refused with, and that nothing is left of it. */
static void refuse(void)
{
    struct loader_memory_manager manager = pages_manager();
    char message[256];
    struct loader *loader = parsed("lost.o", lost, lost_end);
    check(loader, loader_plan(loader, NULL, scratch, sizeof scratch));
    check(loader, loader_place(loader, &manager));
    if (loader_resolve(loader, &resolver, NULL) != LOADER_STATUS_UNDEFINED)
        power_off(4);
    loader_error_message(loader, message, sizeof message);
    print(message);
    print("\n");
    if (pages_used() != 0) /* the refusal itself has given them back */
        power_off(5);
    check(loader, loader_delete(loader));
}

void kernel_main(void);

void kernel_main(void)
{
    run();
    refuse();
    power_off(0);
}
