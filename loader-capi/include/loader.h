/*
 * loader-core for programs in C: loads ELF relocatable objects (.o files) as gcc, clang and rustc write
 * them. It needs no C library but memcpy, memmove, memset, memcmp, bcmp and strlen (the libraries for bare
 * targets bring their own), no heap, and has no panic. This file is made by cbindgen from loader-capi; do not edit it.
 *
 * One loader makes one module out of one object or several. It goes through these phases:
 *
 *   loader_new                   a loader, in memory of yours: LOADER_MEMORY(objects) bytes
 *   loader_parse                 checks an object; once for each
 *   loader_plan                  sizes, imports, in scratch memory of yours: loader_scratch_size bytes
 *   loader_place                 takes memory from your manager, copies the sections
 *   loader_map_section_address   where the target differs from the memory
 *   loader_resolve               asks your resolver for what is undefined, applies relocations
 *   loader_seal                  has your manager set final permissions: the module is ready
 *   loader_symbol                addresses to call
 *   loader_unload                gives the memory back
 *   loader_delete                ends the loader
 *
 *     static _Alignas(LOADER_ALIGN) unsigned char memory[LOADER_MEMORY(1)];
 *     static _Alignas(LOADER_SCRATCH_ALIGN) unsigned char scratch[4096];
 *     struct loader *loader;
 *     uint64_t address;
 *     char message[256];
 *     enum loader_status status = loader_new(memory, sizeof memory, &loader);
 *     if (status == LOADER_STATUS_OK)
 *         status = loader_parse(loader, "blink.o", file, file_size, NULL);
 *     if (status == LOADER_STATUS_OK)
 *         status = loader_plan(loader, NULL, scratch, sizeof scratch);
 *     if (status == LOADER_STATUS_OK)
 *         status = loader_place(loader, &manager);
 *     if (status == LOADER_STATUS_OK)
 *         status = loader_resolve(loader, &resolver, NULL);
 *     if (status == LOADER_STATUS_OK)
 *         status = loader_seal(loader);
 *     if (status == LOADER_STATUS_OK)
 *         status = loader_symbol(loader, "blink", &address);
 *     if (status == LOADER_STATUS_OK)
 *         ((void (*)(void))(uintptr_t)address)();
 *     else if (loader_error_message(loader, message, sizeof message) > 0)
 *         puts(message);
 *
 * All or nothing: where loader_place, loader_resolve or loader_seal fails, all memory is given back, and
 * the loader is in its first phase, with its objects: it may plan again. None of them has begun where it
 * says LOADER_STATUS_POINTER (as it does for a manager or a resolver without one of its functions),
 * LOADER_STATUS_HANDLE, LOADER_STATUS_BUSY or LOADER_STATUS_PHASE: then phase and memory are as they
 * were, and it may be called again. Any other call that is refused has changed nothing either.
 *
 * The loader never calls what it loads: calling initialisers (loader_each_initialiser) and, before
 * them, the resolvers of IFUNCs (loader_each_resolution), and finalisers before unloading, is yours.
 *
 * What stays for how long:
 *   - the loader's memory: until loader_delete. It is not moved or copied.
 *   - an object's bytes and name: until loader_detach or loader_delete.
 *   - scratch memory: until loader_unload, loader_detach, loader_delete or a phase that is refused.
 *   - the manager's functions and context, and a segment's memory: until the manager's free has it.
 *   - names that visitors and the resolver are given: those of objects as long as the objects' bytes,
 *     those of a resident module as long as the module.
 *
 * Pointers: a null or misaligned one is refused (LOADER_STATUS_POINTER), but where it is said that it may
 * be null; so is an address where no loader is (LOADER_STATUS_HANDLE). That any other pointer points to
 * what it should, and that lengths are right, is your promise. So is it that your functions return as
 * functions do: no longjmp, no exception. Objects are not trusted: whatever is in them, the loader
 * reads and writes nothing that is not its own.
 *
 * Threads: any number may ask one loader at a time (parameters of type const struct loader *), and one
 * may change it. No call ever waits: where a loader is in use, it is refused (LOADER_STATUS_BUSY),
 * in a fault handler or a callback as well. Different loaders know nothing of each other.
 */


#ifndef LOADER_H
#define LOADER_H

#include <stddef.h>
#include <stdint.h>

struct loader;

/**
 * How many bytes a loader takes that has room for this many objects.
 */
#define LOADER_MEMORY(objects) (LOADER_SIZE + (objects) * LOADER_OBJECT_SIZE)

/**
 * What the address of a loader's memory must be a multiple of.
 */
#define LOADER_ALIGN 16

/**
 * Bytes of a loader without room for objects.
 */
#define LOADER_SIZE 3072

/**
 * Bytes more for each object.
 */
#define LOADER_OBJECT_SIZE 256

/**
 * What the address of scratch memory must be a multiple of.
 */
#define LOADER_SCRATCH_ALIGN 16

/**
 * RISC-V code is made shorter where its objects allow it (R_RISCV_RELAX).
 */
#define LOADER_RELAXATION 1

/**
 * Code for AArch64 that erratum 843419 of the Cortex-A53 affects is mended.
 */
#define LOADER_ERRATUM_843419 2

/**
 * What a call has come to. All but LOADER_STATUS_OK are errors, and nothing has changed then but that
 * a call which takes the loader to its next phase gives all memory back.
 */
enum loader_status {
    /**
     * It is done.
     */
    LOADER_STATUS_OK = 0,
    /**
     * A pointer is null, or not aligned for what it points to.
     */
    LOADER_STATUS_POINTER = 1,
    /**
     * There is no loader at this address: none was made there, or it was deleted.
     */
    LOADER_STATUS_HANDLE = 2,
    /**
     * The loader is in use: by another thread, or by the call that has called back.
     */
    LOADER_STATUS_BUSY = 3,
    /**
     * The loader is in another phase than this call is for.
     */
    LOADER_STATUS_PHASE = 4,
    /**
     * A number or a flag is one that does not exist, a text is not UTF-8, a length is more than an
     * object can have, or memory is lent that is in use already.
     */
    LOADER_STATUS_ARGUMENT = 5,
    /**
     * The memory that is lent is too small or not aligned.
     */
    LOADER_STATUS_MEMORY = 6,
    /**
     * There is no such thing.
     */
    LOADER_STATUS_NOT_FOUND = 7,
    /**
     * The loader refuses for a reason that this header does not know; the message does.
     */
    LOADER_STATUS_OTHER = 8,
    /**
     * parse: the file is no ELF64 little-endian relocatable object.
     */
    LOADER_STATUS_FORMAT = 16,
    /**
     * parse: the object is for a machine that the library was built without.
     */
    LOADER_STATUS_MACHINE = 17,
    /**
     * parse, plan: the object contradicts itself.
     */
    LOADER_STATUS_MALFORMED = 18,
    /**
     * plan: a section is of a kind that is never loaded.
     */
    LOADER_STATUS_SECTION = 19,
    /**
     * plan: the objects are for several machines, or float ABIs.
     */
    LOADER_STATUS_MIXED_MACHINES = 20,
    /**
     * plan: less scratch memory was lent than loader_scratch_size says.
     */
    LOADER_STATUS_SCRATCH = 21,
    /**
     * plan: a segment would be larger than 4 GiB or the address space.
     */
    LOADER_STATUS_TOO_LARGE = 22,
    /**
     * plan: names were chosen to make the loader slow.
     */
    LOADER_STATUS_CROWDED = 23,
    /**
     * plan: two objects define the same global symbol.
     */
    LOADER_STATUS_DUPLICATE = 24,
    /**
     * resolve: exported names were chosen to make their table slow.
     */
    LOADER_STATUS_HASH_COLLISIONS = 25,
    /**
     * plan: a relocation number that the psABI does not allocate.
     */
    LOADER_STATUS_UNKNOWN_RELOCATION = 26,
    /**
     * plan: a relocation type that is not applied.
     */
    LOADER_STATUS_UNSUPPORTED_RELOCATION = 27,
    /**
     * plan: a relocation against a symbol of a kind that it is not for.
     */
    LOADER_STATUS_WRONG_SYMBOL = 28,
    /**
     * plan: a relocation needs a symbol in a section that is not loaded.
     */
    LOADER_STATUS_DISCARDED = 29,
    /**
     * plan, resolve: one half of a pair of relocations without the other.
     */
    LOADER_STATUS_UNPAIRED = 30,
    /**
     * place: the memory manager has no room for a segment.
     */
    LOADER_STATUS_ALLOCATE = 31,
    /**
     * place: the memory manager gave memory that is not aligned as it was asked to be.
     */
    LOADER_STATUS_BAD_SEGMENT = 32,
    /**
     * map: no loaded section has this index.
     */
    LOADER_STATUS_NO_SUCH_SECTION = 33,
    /**
     * map: an address that the section or segment cannot have.
     */
    LOADER_STATUS_MISPLACED = 34,
    /**
     * resolve: nothing defines a symbol that the module needs.
     */
    LOADER_STATUS_UNDEFINED = 35,
    /**
     * resolve: there is no room for the module's thread-local variables.
     */
    LOADER_STATUS_THREAD_LOCAL_BLOCK = 36,
    /**
     * resolve: code needs a distance from the thread pointer that is not the same in every thread.
     */
    LOADER_STATUS_THREAD_POINTER = 37,
    /**
     * resolve: code asks for a TLS descriptor, and there are none.
     */
    LOADER_STATUS_DESCRIPTOR = 38,
    /**
     * resolve: a value does not fit its field.
     */
    LOADER_STATUS_OUT_OF_RANGE = 39,
    /**
     * resolve: a value is not a multiple of what its field can express.
     */
    LOADER_STATUS_MISALIGNED = 40,
    /**
     * resolve: an addend where the relocation type allows none.
     */
    LOADER_STATUS_ADDEND = 41,
    /**
     * resolve: a field is not in an instruction that the relocation type applies to.
     */
    LOADER_STATUS_INSTRUCTION = 42,
    /**
     * resolve: a call stub cannot reach the GOT.
     */
    LOADER_STATUS_STUB_REACH = 43,
    /**
     * resolve: code that erratum 843419 affects cannot be mended.
     */
    LOADER_STATUS_ERRATUM = 44,
    /**
     * seal: the memory manager could not give a segment its permissions.
     */
    LOADER_STATUS_SEAL = 45,
};

/**
 * What a loader holds, and so what can be done with it.
 */
enum loader_phase {
    /**
     * Objects, or none yet: loader_parse, loader_plan.
     */
    LOADER_PHASE_OBJECTS = 0,
    /**
     * A plan, and no memory for it: loader_place.
     */
    LOADER_PHASE_PLANNED = 1,
    /**
     * Memory, with the sections copied: loader_map_section_address, loader_resolve.
     */
    LOADER_PHASE_PLACED = 2,
    /**
     * A module whose relocations are applied: loader_seal, loader_unresolve.
     */
    LOADER_PHASE_RELOCATED = 3,
    /**
     * A module that is ready to run.
     */
    LOADER_PHASE_SEALED = 4,
    /**
     * The same without objects and scratch memory: it knows what it was asked to keep.
     */
    LOADER_PHASE_RESIDENT = 5,
};

/**
 * What a segment holds, and so what may be done with its memory once it is sealed. None is both
 * writable and executable.
 */
enum loader_segment_kind {
    /**
     * Code and call stubs: read and execute.
     */
    LOADER_SEGMENT_KIND_TEXT = 0,
    /**
     * Constants, the GOT, and data that is constant once relocated: read.
     */
    LOADER_SEGMENT_KIND_READ_ONLY = 1,
    /**
     * Variables: read and write.
     */
    LOADER_SEGMENT_KIND_DATA = 2,
};

/**
 * What a symbol names.
 */
enum loader_symbol_kind {
    /**
     * Nobody says.
     */
    LOADER_SYMBOL_KIND_NONE = 0,
    /**
     * A variable.
     */
    LOADER_SYMBOL_KIND_DATA = 1,
    /**
     * A function.
     */
    LOADER_SYMBOL_KIND_FUNCTION = 2,
    /**
     * A section.
     */
    LOADER_SYMBOL_KIND_SECTION = 3,
    /**
     * An IFUNC; its address is that of the stub by which it is called.
     */
    LOADER_SYMBOL_KIND_INDIRECT_FUNCTION = 10,
};

/**
 * Who sees a symbol.
 */
enum loader_binding {
    /**
     * Its own object alone.
     */
    LOADER_BINDING_LOCAL = 0,
    /**
     * Other objects, and there may be one definition only.
     */
    LOADER_BINDING_GLOBAL = 1,
    /**
     * Other objects; it gives way to a global one.
     */
    LOADER_BINDING_WEAK = 2,
};

/**
 * The machines, by their numbers in ELF (e_machine).
 */
enum loader_machine {
    /**
     * x86-64.
     */
    LOADER_MACHINE_X86_64 = 62,
    /**
     * AArch64.
     */
    LOADER_MACHINE_AARCH64 = 183,
    /**
     * RISC-V, with 64 bits.
     */
    LOADER_MACHINE_RISCV64 = 243,
};

/**
 * Which sections a plan keeps: what linkers call garbage collection (--gc-sections).
 */
enum loader_keep {
    /**
     * All.
     */
    LOADER_KEEP_ALL = 0,
    /**
     * What can be reached from the symbols that other modules may use.
     */
    LOADER_KEEP_EXPORTED = 1,
    /**
     * What can be reached from the symbols in `keep_names`.
     */
    LOADER_KEEP_NAMED = 2,
};

/**
 * What a module keeps of its symbols in memory of its own, for loader_detach.
 */
enum loader_kept {
    /**
     * Nothing: what is needed is looked up while the objects are there.
     */
    LOADER_KEPT_NOTHING = 0,
    /**
     * The list of finalisers.
     */
    LOADER_KEPT_FINALISERS = 1,
    /**
     * Finalisers, and what other modules may use.
     */
    LOADER_KEPT_EXPORTS = 2,
    /**
     * Finalisers and all functions and variables, local ones included: for backtraces.
     */
    LOADER_KEPT_SYMBOLS = 3,
};

/**
 * Which symbols loader_each_symbol tells of.
 */
enum loader_symbols {
    /**
     * Those that other modules may use.
     */
    LOADER_SYMBOLS_EXPORTS = 0,
    /**
     * All that the module defines, or that it has kept; not thread-local ones.
     */
    LOADER_SYMBOLS_ALL = 1,
};

/**
 * What a client has for thread-local variables.
 */
enum loader_tls_model {
    /**
     * Nothing: a module that uses them is refused.
     */
    LOADER_TLS_MODEL_NONE = 0,
    /**
     * Room in every thread, at one distance from the thread pointer.
     */
    LOADER_TLS_MODEL_STATIC = 1,
    /**
     * Blocks that come with the first use: __tls_get_addr and descriptors.
     */
    LOADER_TLS_MODEL_DYNAMIC = 2,
};

/**
 * A loader, in memory that the client lends (loader_new): one module, in all its phases.
 */
struct loader;

/**
 * What a plan is asked for. All zeros asks for nothing: `struct loader_options options = {0};`
 */
struct loader_options {
    /**
     * LOADER_RELAXATION and LOADER_ERRATUM_843419, as wanted.
     */
    uint32_t flags;
    /**
     * One of enum loader_tls_model.
     */
    uint32_t thread_locals;
    /**
     * One of enum loader_keep.
     */
    uint32_t keep;
    /**
     * One of enum loader_kept.
     */
    uint32_t kept;
    /**
     * With LOADER_KEEP_NAMED: symbols, texts in UTF-8 that end in NUL. Looked at by loader_plan only.
     */
    const char *const *keep_names;
    /**
     * How many they are.
     */
    size_t keep_count;
    /**
     * Where the objects' files lie on the target, one after the other, for execution in place:
     * sections that need no change stay there and take no memory. UINT64_MAX, and what is missing
     * at the end, is for one that does not lie where code can run. Looked at by loader_plan only; the
     * client answers for the files being there as long as the module.
     */
    const uint64_t *in_place;
    /**
     * How many they are.
     */
    size_t in_place_count;
};

/**
 * A request for the memory of one segment.
 */
struct loader_segment_request {
    /**
     * What it will hold.
     */
    enum loader_segment_kind kind;
    /**
     * Its exact size in bytes; never 0.
     */
    size_t size;
    /**
     * What its address on the target must be a multiple of; a power of two.
     */
    size_t align;
};

/**
 * The memory of one segment.
 */
struct loader_segment {
    /**
     * What it holds.
     */
    enum loader_segment_kind kind;
    /**
     * Its size in bytes.
     */
    size_t size;
    /**
     * Where the loader writes it.
     */
    void *memory;
    /**
     * Where it will run: in the same address space, the address of `memory`.
     */
    uint64_t address;
};

/**
 * Where memory comes from: functions of the client's, each of which gets `context`.
 *
 * They are called by loader_place (allocate), loader_seal (seal), and free by whatever gives memory
 * back: loader_unload, loader_delete, and a phase that fails. They may not call the loader that calls
 * them, which is busy then. One manager serves any number of loaders, also at the same time where its
 * functions allow that.
 *
 * Where allocate and seal cannot do what they are asked, they say why, in UTF-8: a text that stays
 * where it is for as long as the loader is there, and that messages quote. Null: it is done.
 */
struct loader_memory_manager {
    /**
     * For the functions; the loader does not look at it.
     */
    void *context;
    /**
     * Hands out memory that may be read and written, and not yet be executed: puts `memory` and
     * `address` into `segment`, which has the rest already.
     */
    const char *(*allocate)(void *context,
                            const struct loader_segment_request *request,
                            struct loader_segment *segment);
    /**
     * Gives a segment its final permissions, and makes code visible to instruction fetch on every
     * core that may run it.
     */
    const char *(*seal)(void *context, const struct loader_segment *segment);
    /**
     * Takes a segment back, sealed or not.
     */
    void (*free)(void *context, const struct loader_segment *segment);
};

/**
 * Answers for the symbols that a module needs and does not define.
 *
 * Its function gets `context` and may not call the loader that calls it, which is busy then; it may
 * call others, to find what other modules define (loader_symbol).
 */
struct loader_resolver {
    /**
     * For the function; the loader does not look at it.
     */
    void *context;
    /**
     * Puts the symbol's address on the target into `address` and returns something other than 0;
     * returns 0 where nothing defines it. `name` has `length` bytes, and no NUL at its end. Asked
     * once for each symbol.
     */
    int (*resolve)(void *context, const char *name, size_t length, uint64_t *address);
};

/**
 * What a module wants in each thread: a block that begins as a copy of the module's image and
 * ends in zeros.
 */
struct loader_tls_block {
    /**
     * Bytes of the whole block; 0 where the module has no thread-local variables.
     */
    uint64_t size;
    /**
     * Bytes at its start that are copied from the image.
     */
    uint64_t image_size;
    /**
     * What its address must be a multiple of.
     */
    uint64_t align;
};

/**
 * Where a block lies.
 */
struct loader_tls_location {
    /**
     * What __tls_get_addr knows it by; anything where the client has no such function.
     */
    uint64_t module;
    /**
     * Its distance from the thread pointer in bytes, where `has_offset` is not 0.
     */
    int64_t offset;
    /**
     * Whether that distance is the same in every thread.
     */
    uint32_t has_offset;
};

/**
 * Where a thread-local variable lies.
 */
struct loader_tls_variable {
    /**
     * The block that it is part of.
     */
    struct loader_tls_location location;
    /**
     * Its offset in the block in bytes.
     */
    uint64_t offset;
};

/**
 * The client's thread-local storage. Each function gets `context`, and returns 0 where it has no
 * answer and something else where it has; any may be null, which is as good as 0.
 */
struct loader_thread_locals {
    /**
     * For the functions; the loader does not look at it.
     */
    void *context;
    /**
     * Where the block of the module that is being loaded lies. 0: there is no room.
     */
    int (*block)(void *context,
                 const struct loader_tls_block *block,
                 struct loader_tls_location *location);
    /**
     * Where another module's variable lies, or one of the client's own.
     */
    int (*variable)(void *context,
                    const char *name,
                    size_t length,
                    struct loader_tls_variable *variable);
    /**
     * The two words of a variable's descriptor. Asked with LOADER_TLS_MODEL_DYNAMIC only.
     */
    int (*descriptor)(void *context, const struct loader_tls_variable *variable, uint64_t *words);
};

/**
 * A symbol of a loaded module.
 */
struct loader_symbol {
    /**
     * The number of its object.
     */
    size_t object;
    /**
     * Its name, which has `name_length` bytes and need not end in NUL.
     */
    const char *name;
    /**
     * See `name`.
     */
    size_t name_length;
    /**
     * Its address on the target.
     */
    uint64_t address;
    /**
     * Its size in memory in bytes.
     */
    uint64_t size;
    /**
     * What it names.
     */
    enum loader_symbol_kind kind;
    /**
     * Who sees it.
     */
    enum loader_binding binding;
};

/**
 * Is told of one symbol after the other, which is there until it returns. Something other than 0 stops.
 */
typedef int (*loader_symbol_visitor)(void *context, const struct loader_symbol *symbol);

/**
 * Is told of the address of one function after the other. Something other than 0 stops.
 */
typedef int (*loader_function_visitor)(void *context, uint64_t function);

/**
 * A function that a module has the client call before anything else in it (IFUNCs).
 */
struct loader_resolution {
    /**
     * The number of its object.
     */
    size_t object;
    /**
     * The IFUNC's name, or that of a function that initialises data; it has `name_length` bytes and
     * need not end in NUL.
     */
    const char *name;
    /**
     * See `name`.
     */
    size_t name_length;
    /**
     * The address of the function to be called, on the target.
     */
    uint64_t resolver;
    /**
     * Where what it returns belongs, on the target; the loader puts it there.
     */
    uint64_t slot;
};

/**
 * Calls `resolution->resolver` with what this system's ABI says that resolvers get, and returns what
 * that returns.
 */
typedef uint64_t (*loader_resolution_visitor)(void *context,
                                              const struct loader_resolution *resolution);

/**
 * The block of a loaded module: what to copy into each thread.
 */
struct loader_tls_image {
    /**
     * How large it is.
     */
    struct loader_tls_block block;
    /**
     * Where the client said that it lies.
     */
    struct loader_tls_location location;
    /**
     * Where the bytes to be copied lie on the target.
     */
    uint64_t image;
};

/**
 * Is told of one thread-local variable after the other. Something other than 0 stops.
 */
typedef int (*loader_tls_visitor)(void *context,
                                  const char *name,
                                  size_t length,
                                  const struct loader_tls_variable *variable);

/**
 * The exact size of one segment.
 */
struct loader_segment_plan {
    /**
     * In bytes; 0 where the module has no such segment.
     */
    uint64_t size;
    /**
     * In bytes; a power of two.
     */
    uint64_t align;
};

/**
 * What a module will take, exactly.
 */
struct loader_plan_info {
    /**
     * The machine that it is for.
     */
    enum loader_machine machine;
    /**
     * How many objects it is made of.
     */
    size_t objects;
    /**
     * Code and call stubs.
     */
    struct loader_segment_plan text;
    /**
     * Constants, the GOT, and what is kept of symbols.
     */
    struct loader_segment_plan read_only;
    /**
     * Variables.
     */
    struct loader_segment_plan data;
    /**
     * How many GOT entries it has, 8 bytes each.
     */
    uint32_t got_entries;
    /**
     * How many call stubs it has.
     */
    uint32_t stubs;
    /**
     * Its block of thread-local variables, in each thread.
     */
    struct loader_tls_block thread_locals;
};

/**
 * An undefined symbol that the client will be asked for.
 */
struct loader_import {
    /**
     * The number of the first object that needs it.
     */
    size_t object;
    /**
     * Its name, which has `name_length` bytes and need not end in NUL.
     */
    const char *name;
    /**
     * See `name`.
     */
    size_t name_length;
    /**
     * Whether it may stay undefined: its address is 0 then.
     */
    uint32_t weak;
    /**
     * Whether it is a thread-local variable, for struct loader_thread_locals.
     */
    uint32_t tls;
};

/**
 * Is told of one import after the other, which is there until it returns. Something other than 0 stops.
 */
typedef int (*loader_import_visitor)(void *context, const struct loader_import *import);

/**
 * A section of a module.
 */
struct loader_section {
    /**
     * The number of its object.
     */
    size_t object;
    /**
     * Its index in the object's section header table.
     */
    uint32_t index;
    /**
     * The segment that it is in; of a section that stays in its file, what kind that would be.
     */
    enum loader_segment_kind segment;
    /**
     * Its name, which has `name_length` bytes and need not end in NUL.
     */
    const char *name;
    /**
     * See `name`.
     */
    size_t name_length;
    /**
     * Its offset in the segment in bytes.
     */
    uint64_t offset;
    /**
     * Its size in memory in bytes.
     */
    uint64_t size;
    /**
     * Its alignment in bytes: a power of two.
     */
    uint64_t align;
    /**
     * sh_flags.
     */
    uint64_t flags;
    /**
     * Its address on the target; 0 before the module is sealed.
     */
    uint64_t address;
    /**
     * sh_type.
     */
    uint32_t elf_type;
    /**
     * Whether it stays in its object's file (`in_place` of the options).
     */
    uint32_t in_place;
};

/**
 * Is told of one section after the other, which is there until it returns. Something other than 0
 * stops.
 */
typedef int (*loader_section_visitor)(void *context, const struct loader_section *section);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a loader in memory that is lent to it: LOADER_MEMORY(n) bytes for n objects, aligned to
 * LOADER_ALIGN. It is the client's again after loader_delete.
 *
 * LOADER_STATUS_MEMORY: it is too small, or not aligned.
 */
enum loader_status loader_new(void *memory, size_t size, struct loader **loader);

/**
 * Unloads what is loaded, and ends the loader: its memory, the scratch memory and the objects'
 * bytes are the client's again. Calls for it are refused from now on (LOADER_STATUS_HANDLE, or
 * LOADER_STATUS_BUSY where they began before it ended), for as long as nothing else is written to its
 * memory.
 */
enum loader_status loader_delete(struct loader *loader);

/**
 * The phase that a loader is in.
 */
enum loader_status loader_phase(const struct loader *loader, enum loader_phase *phase);

/**
 * Makes a loader in memory that is lent to it: LOADER_MEMORY(n) bytes for n objects, aligned to
 * LOADER_ALIGN. It is the client's again after loader_delete.
 *
 * LOADER_STATUS_MEMORY: it is too small, or not aligned.
 */
enum loader_status loader_new(void *memory, size_t size, struct loader **loader);

/**
 * Unloads what is loaded, and ends the loader: its memory, the scratch memory and the objects'
 * bytes are the client's again. Calls for it are refused from now on (LOADER_STATUS_HANDLE, or
 * LOADER_STATUS_BUSY where they began before it ended), for as long as nothing else is written to its
 * memory.
 */
enum loader_status loader_delete(struct loader *loader);

/**
 * The phase that a loader is in.
 */
enum loader_status loader_phase(const struct loader *loader, enum loader_phase *phase);

/**
 * parse: checks an object file, and adds it to those that make the module. Phase: objects.
 *
 * `name` is what messages call it, in UTF-8. The name and the `length` bytes stay as they are, where
 * they are, until loader_detach or loader_delete; the bytes may be at any address. Of an object that is
 * refused, only the message needs them: until the next call that is to change this loader. Where
 * `object` is not null, the object's number goes there: they count from 0.
 *
 * LOADER_STATUS_MEMORY: the loader's memory has no room for another object.
 */
enum loader_status loader_parse(struct loader *loader,
                                const char *name,
                                const void *bytes,
                                size_t length,
                                size_t *object);

/**
 * plan: makes one module of the objects, without taking memory for it. Phase: objects, then planned.
 *
 * `options` may be null, for those that ask for nothing. The `size` bytes of scratch memory
 * (loader_scratch_size), aligned to LOADER_SCRATCH_ALIGN, are the loader's until loader_unload,
 * loader_detach or loader_delete.
 */
enum loader_status loader_plan(struct loader *loader,
                               const struct loader_options *options,
                               void *scratch,
                               size_t size);

/**
 * place: takes the memory and copies the sections into it. Phase: planned, then placed; where it
 * fails, objects.
 *
 * The manager is copied; its functions and what its context points to stay until all memory is given
 * back.
 */
enum loader_status loader_place(struct loader *loader,
                                const struct loader_memory_manager *manager);

/**
 * map: says at which address on the target a section will run, as often as the client likes. Without it,
 * sections run where the manager said that their segment does. Phase: placed.
 *
 * `object` is the number of its object, `section` its index in the section header table.
 */
enum loader_status loader_map_section_address(struct loader *loader,
                                              size_t object,
                                              uint32_t section,
                                              uint64_t address);

/**
 * map: the same for a whole segment, one of enum loader_segment_kind, with all that is in it. Phase:
 * placed.
 */
enum loader_status loader_map_segment_address(struct loader *loader,
                                              uint32_t kind,
                                              uint64_t address);

/**
 * resolve: asks for what the module does not define, and applies all relocations. Phase: placed, then
 * relocated; where it fails, objects, and all memory is given back.
 *
 * `thread_locals` may be null where there are none. Neither is used once the call is done.
 */
enum loader_status loader_resolve(struct loader *loader,
                                  const struct loader_resolver *resolver,
                                  const struct loader_thread_locals *thread_locals);

/**
 * Goes back to before the relocations, to map sections elsewhere and resolve again. Phase: relocated,
 * then placed.
 */
enum loader_status loader_unresolve(struct loader *loader);

/**
 * seal: has the manager set final permissions and synchronise caches. Nothing is written to code and
 * constants from here on. Phase: relocated, then sealed; where it fails, objects, and all memory is
 * given back.
 */
enum loader_status loader_seal(struct loader *loader);

/**
 * Lets go of the scratch memory and of the objects' bytes and names, which are the client's again.
 * What the loader still knows is what `kept` of the options asked for. Phase: sealed, then resident.
 */
enum loader_status loader_detach(struct loader *loader);

/**
 * unload: gives all memory back to the manager, and the scratch memory to the client. The client has
 * called the finalisers, and calls nothing in the module any more. The objects stay, to be planned
 * again, but for a module that was detached. Phase: all but objects, then objects.
 */
enum loader_status loader_unload(struct loader *loader);

/**
 * The address of a function or variable that other modules may use, on the target. `name` is in UTF-8. It
 * looks at each symbol in turn, unless exports are kept: look up once and keep the address. Phases: sealed,
 * and resident where exports are kept.
 *
 * LOADER_STATUS_NOT_FOUND: the module has none of this name.
 */
enum loader_status loader_symbol(const struct loader *loader,
                                 const char *name,
                                 uint64_t *address);

/**
 * The function or variable that an address belongs to: the closest at or below it in its section. For
 * backtraces. It looks at each symbol in turn, unless symbols are kept and the module is resident.
 * Phases: sealed, and resident where symbols are kept.
 *
 * LOADER_STATUS_NOT_FOUND: the address is not the module's, or no symbol is there.
 */
enum loader_status loader_symbol_at(const struct loader *loader,
                                    uint64_t address,
                                    struct loader_symbol *symbol);

/**
 * Tells of each symbol: `which` is one of enum loader_symbols. Phases: sealed, and resident, of those that
 * are kept.
 */
enum loader_status loader_each_symbol(const struct loader *loader,
                                      uint32_t which,
                                      loader_symbol_visitor visitor,
                                      void *context);

/**
 * Tells of each function to call before anything else in the module, in this order; what
 * loader_each_resolution tells of comes before them. The visitor may call them. Phase: sealed.
 */
enum loader_status loader_each_initialiser(const struct loader *loader,
                                           loader_function_visitor visitor,
                                           void *context);

/**
 * Tells of each function to call before the module is unloaded, in this order. The visitor may call them.
 * Phases: sealed, and resident where finalisers are kept.
 */
enum loader_status loader_each_finaliser(const struct loader *loader,
                                         loader_function_visitor visitor,
                                         void *context);

/**
 * Has the client call the resolver of each IFUNC, and puts what they return where it belongs. To be done
 * once, before anything else in the module is called. Phase: sealed.
 */
enum loader_status loader_each_resolution(struct loader *loader,
                                          loader_resolution_visitor visitor,
                                          void *context);

/**
 * The address of an offset in a section as its object counts it, on the target: before bytes were deleted,
 * on RISC-V. Phase: sealed.
 *
 * LOADER_STATUS_NOT_FOUND: the section is not loaded.
 */
enum loader_status loader_address_of(const struct loader *loader,
                                     size_t object,
                                     uint32_t section,
                                     uint64_t offset,
                                     uint64_t *address);

/**
 * LOADER_STATUS_OK where an address is one of the module's, LOADER_STATUS_NOT_FOUND where not. Phases:
 * sealed, resident.
 */
enum loader_status loader_contains(const struct loader *loader,
                                   uint64_t address);

/**
 * The memory of a segment, one of enum loader_segment_kind. Phases: sealed, resident.
 *
 * LOADER_STATUS_NOT_FOUND: the module has no such segment.
 */
enum loader_status loader_segment(const struct loader *loader,
                                  uint32_t kind,
                                  struct loader_segment *segment);

/**
 * The bytes of a segment as they are to be on the target, to be sent there: where they are and how many
 * they are. They are there until the loader enters another phase. Phase: relocated.
 *
 * LOADER_STATUS_NOT_FOUND: the module has no such segment.
 */
enum loader_status loader_segment_bytes(const struct loader *loader,
                                        uint32_t kind,
                                        const void **bytes,
                                        size_t *size);

/**
 * What each thread's block of thread-local variables is copied from. Phases: sealed, resident.
 *
 * LOADER_STATUS_NOT_FOUND: the module has none.
 */
enum loader_status loader_tls_image(const struct loader *loader, struct loader_tls_image *image);

/**
 * Tells of each thread-local variable that other modules may use. Phase: sealed.
 */
enum loader_status loader_each_thread_local(const struct loader *loader,
                                            loader_tls_visitor visitor,
                                            void *context);

/**
 * How many bytes of scratch memory a plan of the parsed objects takes, exactly. `options` may be
 * null, for those that ask for nothing.
 */
enum loader_status loader_scratch_size(const struct loader *loader,
                                       const struct loader_options *options,
                                       size_t *size);

/**
 * Says what the module will take, or takes. Phases: planned, placed, relocated, sealed.
 */
enum loader_status loader_plan_info(const struct loader *loader, struct loader_plan_info *info);

/**
 * Tells of each symbol that the client will be asked for. Phases: planned, placed, relocated, sealed.
 */
enum loader_status loader_each_import(const struct loader *loader,
                                      loader_import_visitor visitor,
                                      void *context);

/**
 * Tells of each section that the module has in memory, or that stays in its file. Phases: planned, placed,
 * relocated, sealed.
 */
enum loader_status loader_each_section(const struct loader *loader,
                                       loader_section_visitor visitor,
                                       void *context);

/**
 * Writes in words why the last call that was to change this loader was refused: where (object,
 * section, offset), what (relocation, symbol, values), and what to do. After one that was not refused
 * the message is empty. At most `size` bytes are written, the last of which is always NUL; a message
 * that is longer is cut short, between two characters of UTF-8.
 *
 * Returns the length of the whole message without NUL, as snprintf does; 0 where there is no
 * loader, or it is busy. A `buffer` of no bytes may be null.
 */
size_t loader_error_message(const struct loader *loader,
                            char *buffer,
                            size_t size);

/**
 * What a status is in words: a text that stays where it is. Null for a number that is none.
 */
const char *loader_status_text(uint32_t status);

/**
 * parse: checks an object file, and adds it to those that make the module. Phase: objects.
 *
 * `name` is what messages call it, in UTF-8. The name and the `length` bytes stay as they are, where
 * they are, until loader_detach or loader_delete; the bytes may be at any address. Of an object that is
 * refused, only the message needs them: until the next call that is to change this loader. Where
 * `object` is not null, the object's number goes there: they count from 0.
 *
 * LOADER_STATUS_MEMORY: the loader's memory has no room for another object.
 */
enum loader_status loader_parse(struct loader *loader,
                                const char *name,
                                const void *bytes,
                                size_t length,
                                size_t *object);

/**
 * plan: makes one module of the objects, without taking memory for it. Phase: objects, then planned.
 *
 * `options` may be null, for those that ask for nothing. The `size` bytes of scratch memory
 * (loader_scratch_size), aligned to LOADER_SCRATCH_ALIGN, are the loader's until loader_unload,
 * loader_detach or loader_delete.
 */
enum loader_status loader_plan(struct loader *loader,
                               const struct loader_options *options,
                               void *scratch,
                               size_t size);

/**
 * place: takes the memory and copies the sections into it. Phase: planned, then placed; where it
 * fails, objects.
 *
 * The manager is copied; its functions and what its context points to stay until all memory is given
 * back.
 */
enum loader_status loader_place(struct loader *loader,
                                const struct loader_memory_manager *manager);

/**
 * map: says at which address on the target a section will run, as often as the client likes. Without it,
 * sections run where the manager said that their segment does. Phase: placed.
 *
 * `object` is the number of its object, `section` its index in the section header table.
 */
enum loader_status loader_map_section_address(struct loader *loader,
                                              size_t object,
                                              uint32_t section,
                                              uint64_t address);

/**
 * map: the same for a whole segment, one of enum loader_segment_kind, with all that is in it. Phase:
 * placed.
 */
enum loader_status loader_map_segment_address(struct loader *loader,
                                              uint32_t kind,
                                              uint64_t address);

/**
 * resolve: asks for what the module does not define, and applies all relocations. Phase: placed, then
 * relocated; where it fails, objects, and all memory is given back.
 *
 * `thread_locals` may be null where there are none. Neither is used once the call is done.
 */
enum loader_status loader_resolve(struct loader *loader,
                                  const struct loader_resolver *resolver,
                                  const struct loader_thread_locals *thread_locals);

/**
 * Goes back to before the relocations, to map sections elsewhere and resolve again. Phase: relocated,
 * then placed.
 */
enum loader_status loader_unresolve(struct loader *loader);

/**
 * seal: has the manager set final permissions and synchronise caches. Nothing is written to code and
 * constants from here on. Phase: relocated, then sealed; where it fails, objects, and all memory is
 * given back.
 */
enum loader_status loader_seal(struct loader *loader);

/**
 * Lets go of the scratch memory and of the objects' bytes and names, which are the client's again.
 * What the loader still knows is what `kept` of the options asked for. Phase: sealed, then resident.
 */
enum loader_status loader_detach(struct loader *loader);

/**
 * unload: gives all memory back to the manager, and the scratch memory to the client. The client has
 * called the finalisers, and calls nothing in the module any more. The objects stay, to be planned
 * again, but for a module that was detached. Phase: all but objects, then objects.
 */
enum loader_status loader_unload(struct loader *loader);

/**
 * The address of a function or variable that other modules may use, on the target. `name` is in UTF-8. It
 * looks at each symbol in turn, unless exports are kept: look up once and keep the address. Phases: sealed,
 * and resident where exports are kept.
 *
 * LOADER_STATUS_NOT_FOUND: the module has none of this name.
 */
enum loader_status loader_symbol(const struct loader *loader,
                                 const char *name,
                                 uint64_t *address);

/**
 * The function or variable that an address belongs to: the closest at or below it in its section. For
 * backtraces. It looks at each symbol in turn, unless symbols are kept and the module is resident.
 * Phases: sealed, and resident where symbols are kept.
 *
 * LOADER_STATUS_NOT_FOUND: the address is not the module's, or no symbol is there.
 */
enum loader_status loader_symbol_at(const struct loader *loader,
                                    uint64_t address,
                                    struct loader_symbol *symbol);

/**
 * Tells of each symbol: `which` is one of enum loader_symbols. Phases: sealed, and resident, of those that
 * are kept.
 */
enum loader_status loader_each_symbol(const struct loader *loader,
                                      uint32_t which,
                                      loader_symbol_visitor visitor,
                                      void *context);

/**
 * Tells of each function to call before anything else in the module, in this order; what
 * loader_each_resolution tells of comes before them. The visitor may call them. Phase: sealed.
 */
enum loader_status loader_each_initialiser(const struct loader *loader,
                                           loader_function_visitor visitor,
                                           void *context);

/**
 * Tells of each function to call before the module is unloaded, in this order. The visitor may call them.
 * Phases: sealed, and resident where finalisers are kept.
 */
enum loader_status loader_each_finaliser(const struct loader *loader,
                                         loader_function_visitor visitor,
                                         void *context);

/**
 * Has the client call the resolver of each IFUNC, and puts what they return where it belongs. To be done
 * once, before anything else in the module is called. Phase: sealed.
 */
enum loader_status loader_each_resolution(struct loader *loader,
                                          loader_resolution_visitor visitor,
                                          void *context);

/**
 * The address of an offset in a section as its object counts it, on the target: before bytes were deleted,
 * on RISC-V. Phase: sealed.
 *
 * LOADER_STATUS_NOT_FOUND: the section is not loaded.
 */
enum loader_status loader_address_of(const struct loader *loader,
                                     size_t object,
                                     uint32_t section,
                                     uint64_t offset,
                                     uint64_t *address);

/**
 * LOADER_STATUS_OK where an address is one of the module's, LOADER_STATUS_NOT_FOUND where not. Phases:
 * sealed, resident.
 */
enum loader_status loader_contains(const struct loader *loader,
                                   uint64_t address);

/**
 * The memory of a segment, one of enum loader_segment_kind. Phases: sealed, resident.
 *
 * LOADER_STATUS_NOT_FOUND: the module has no such segment.
 */
enum loader_status loader_segment(const struct loader *loader,
                                  uint32_t kind,
                                  struct loader_segment *segment);

/**
 * The bytes of a segment as they are to be on the target, to be sent there: where they are and how many
 * they are. They are there until the loader enters another phase. Phase: relocated.
 *
 * LOADER_STATUS_NOT_FOUND: the module has no such segment.
 */
enum loader_status loader_segment_bytes(const struct loader *loader,
                                        uint32_t kind,
                                        const void **bytes,
                                        size_t *size);

/**
 * What each thread's block of thread-local variables is copied from. Phases: sealed, resident.
 *
 * LOADER_STATUS_NOT_FOUND: the module has none.
 */
enum loader_status loader_tls_image(const struct loader *loader, struct loader_tls_image *image);

/**
 * Tells of each thread-local variable that other modules may use. Phase: sealed.
 */
enum loader_status loader_each_thread_local(const struct loader *loader,
                                            loader_tls_visitor visitor,
                                            void *context);

/**
 * How many bytes of scratch memory a plan of the parsed objects takes, exactly. `options` may be
 * null, for those that ask for nothing.
 */
enum loader_status loader_scratch_size(const struct loader *loader,
                                       const struct loader_options *options,
                                       size_t *size);

/**
 * Says what the module will take, or takes. Phases: planned, placed, relocated, sealed.
 */
enum loader_status loader_plan_info(const struct loader *loader, struct loader_plan_info *info);

/**
 * Tells of each symbol that the client will be asked for. Phases: planned, placed, relocated, sealed.
 */
enum loader_status loader_each_import(const struct loader *loader,
                                      loader_import_visitor visitor,
                                      void *context);

/**
 * Tells of each section that the module has in memory, or that stays in its file. Phases: planned, placed,
 * relocated, sealed.
 */
enum loader_status loader_each_section(const struct loader *loader,
                                       loader_section_visitor visitor,
                                       void *context);

/**
 * Writes in words why the last call that was to change this loader was refused: where (object,
 * section, offset), what (relocation, symbol, values), and what to do. After one that was not refused
 * the message is empty. At most `size` bytes are written, the last of which is always NUL; a message
 * that is longer is cut short, between two characters of UTF-8.
 *
 * Returns the length of the whole message without NUL, as snprintf does; 0 where there is no
 * loader, or it is busy. A `buffer` of no bytes may be null.
 */
size_t loader_error_message(const struct loader *loader,
                            char *buffer,
                            size_t size);

/**
 * What a status is in words: a text that stays where it is. Null for a number that is none.
 */
const char *loader_status_text(uint32_t status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LOADER_H */
