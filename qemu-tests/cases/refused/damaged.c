//! flags: -O1 -fno-pic -fcommon
//! flags riscv64: -O1 -fno-pic -fcommon -mcmodel=medany
//! with: damaged_other.c
//! holds: COMMON .rela.text .rela.data .bss .symtab .strtab
// One field at a time is given a value that lies, in the first of two objects. Each lie is found,
// and the error says where; what is harmless changes nothing.
//
//! damage: header e_ident_class = 1 => parse
//! damage: header e_ident_data = 2 => parse
//! damage: header e_ident_magic = 0 => parse
//! damage: header e_ident_version = 0 => parse
//! damage: header e_version = 2 => parse
//! damage: header e_type = 2 => parse
//! damage: header e_type = 3 => parse
//! damage: header e_machine = 40 => parse; 40
//! damage: header e_machine = 0 => parse
//! damage: header e_shentsize = 0 => parse
//! damage: header e_shentsize = 40 => parse
//! damage: header e_shentsize = 0xffff => parse
//! damage: header e_shoff = 0 => parse
//! damage: header e_shoff = -1 => parse
//! damage: header e_shoff = 0x7fffffffffffffff => parse
//! damage: header e_shnum = 0xfeff => parse
//! damage: header e_shnum = 0 => any
//! damage: header e_shstrndx = 0xfe00 => parse
//! damage: header e_shstrndx = 0xffff => parse
//! damage: header e_entry = -1 => runs
//
//! damage: section .text sh_offset = 0x7fffffff => parse; .text
//! damage: section .text sh_offset = -1 => parse; .text
//! damage: section .text sh_size = 0x7fffffff => parse; .text
//! damage: section .text sh_size = -1 => parse; .text
//! damage: section .text sh_addralign = 3 => parse; .text
//! damage: section .text sh_addralign = 0x4000000000000000 => parse plan place
//! damage: section .text sh_flags = 7 => parse plan; .text
//! damage: section .text sh_name = 0x7fffffff => parse
//! damage: section .data sh_flags = 0x803 => parse plan; .data
//! damage: section .data sh_flags = 0x403 => plan; thread-local
//! damage: section .bss sh_size = 0x7fffffffffffffff => parse plan place
//! damage: section .bss sh_size = -1 => parse plan place
//! damage: section .bss sh_offset = -1 => runs
//! damage: section .comment sh_addr = -1 => runs
//
//! damage: section .rela.text sh_link = 0 => parse; .rela.text
//! damage: section .rela.text sh_link = 9999 => parse; .rela.text
//! damage: section .rela.text sh_link = -1 => parse; .rela.text
//! damage: section .rela.text sh_info = 0 => parse; .rela.text
//! damage: section .rela.text sh_info = 9999 => parse; .rela.text
//! damage: section .rela.text sh_entsize = 0 => parse; .rela.text
//! damage: section .rela.text sh_entsize = 16 => parse; .rela.text
//! damage: section .rela.text sh_size = 23 => parse; .rela.text
//! damage: section .rela.text sh_size = -24 => parse; .rela.text
//! damage: section .rela.text sh_type = 9 => parse plan; .rela.text
//
//! damage: section .symtab sh_link = 0 => parse
//! damage: section .symtab sh_link = 9999 => parse
//! damage: section .symtab sh_info = 9999 => any
//! damage: section .symtab sh_info = -1 => any
//! damage: section .symtab sh_entsize = 0 => parse
//! damage: section .symtab sh_entsize = 25 => parse
//! damage: section .symtab sh_size = 25 => parse
//! damage: section .symtab sh_size = -24 => parse
//! damage: section .symtab sh_offset = -8 => parse
//! damage: section .strtab sh_size = 0 => parse
//! damage: section .strtab sh_offset = -1 => parse
//! damage: byte .strtab end-1 = 0x41 => parse
//
//! damage: symbol main st_name = 0x7fffffff => parse
//! damage: symbol main st_name = -1 => parse
//! damage: symbol main st_shndx = 0x7fff => parse; .symtab
//! damage: symbol main st_shndx = 0xfeff => parse; .symtab
//! damage: symbol main st_shndx = 0xff20 => parse; .symtab
//! damage: symbol main st_shndx = 0xffff => parse; .symtab
//! damage: symbol main st_shndx = 0 => resolve entry; main
//! damage: symbol main st_value = 0x7fffffff => parse
//! damage: symbol main st_value = -1 => parse
//! damage: symbol main st_size = -1 => any
//! damage: symbol shared st_value = 3 => parse; .symtab
//! damage: symbol shared st_value = 0x4000000000000000 => parse plan place
//! damage: symbol shared st_size = -1 => parse plan place
//! damage: symbol shared st_size = 0x7fffffff => place
//
//! damage: relocation .rela.text 0 r_type = 0xfffffff0 => plan; .text
//! damage: relocation .rela.text 0 r_offset = -1 => parse plan; .text
//! damage: relocation .rela.text 0 r_offset = end => parse plan; .text
//! damage: relocation .rela.text 0 r_offset = end-1 => parse plan; .text
//! damage: relocation .rela.data 0 r_offset = end-7 => parse plan; .data
//! damage: relocation .rela.data 0 r_offset = end-1 => parse plan; .data
//! damage: relocation .rela.data 0 r_sym = 0xffffff => parse plan; .data
//! damage: relocation .rela.text 0 r_sym = 0xffffffff => parse plan; .text
//! damage: relocation .rela.text 0 r_addend = 0x7fffffffffffffff => plan resolve; .text
//! damage: relocation .rela.text 0 r_addend = 0x200000000 => plan resolve; .text
#include "../include/case.h"

int shared;
int *pointer = &shared;
static int zeroed[10];
int *pointers[] = {&zeroed[1], &zeroed[2], &shared};
int other(int x);

int main(void) {
    shared = 5;
    zeroed[2] = 7;
    CHECK(*OPAQUE(pointer) == 5 && *pointers[OPAQUE(1)] == 7 && *pointers[OPAQUE(2)] == 5);
    CHECK(other(1) == 6);
    return 0;
}
