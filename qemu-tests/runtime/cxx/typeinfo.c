/* Run-time type information: classes with virtual functions carry it, and their objects
 * point at these tables. Comparing the addresses of type_info works; asking more of it ends
 * the program. */
#include "fail.h"

FAIL(__dynamic_cast, "dynamic_cast: C++ run-time type information is not supported")
FAIL(__cxa_bad_cast, "std::bad_cast: C++ exceptions are not supported")
FAIL(__cxa_bad_typeid, "std::bad_typeid: C++ exceptions are not supported")

static _Noreturn void member(void) {
    __runtime_fail("std::type_info: C++ run-time type information is not supported");
}

/* Offset to top, type_info, then the virtual functions; the largest class has nine. */
struct vtable {
    long offset_to_top;
    const void *type_info;
    void (*members[9])(void);
};

#define VTABLE(name, symbol)                                                  \
    extern const struct vtable name __asm__(symbol);                          \
    const struct vtable name = {                                              \
        .members = { member, member, member, member, member, member, member, \
                     member, member },                                        \
    };

VTABLE(array_type, "_ZTVN10__cxxabiv117__array_type_infoE")
VTABLE(class_type, "_ZTVN10__cxxabiv117__class_type_infoE")
VTABLE(enum_type, "_ZTVN10__cxxabiv116__enum_type_infoE")
VTABLE(function_type, "_ZTVN10__cxxabiv120__function_type_infoE")
VTABLE(fundamental_type, "_ZTVN10__cxxabiv123__fundamental_type_infoE")
VTABLE(member_pointer_type, "_ZTVN10__cxxabiv129__pointer_to_member_type_infoE")
VTABLE(pointer_type, "_ZTVN10__cxxabiv119__pointer_type_infoE")
VTABLE(si_class_type, "_ZTVN10__cxxabiv120__si_class_type_infoE")
VTABLE(vmi_class_type, "_ZTVN10__cxxabiv121__vmi_class_type_infoE")
