# From the PVH entry to long mode.
#
# PVH enters in 32-bit protected mode with flat segments, paging and interrupts off, and the
# physical address of a start info structure in EBX, which is not needed here.
#
# The second hart comes here as well, from `trampoline.s`, once the first has built the page tables.
#
# The page tables are the final ones: they are filled before paging is switched on, so that
# there never is a mapping that is writable and executable.

.set PRESENT, 1 << 0
.set WRITABLE, 1 << 1
.set USER, 1 << 2                    # in the upper levels: the lowest one decides
.set NO_EXECUTE_HIGH, 1 << 31        # bit 63, in the upper half of an entry

.set CR0_PE, 1 << 0
.set CR0_MP, 1 << 1                  # FWAIT heeds TS
.set CR0_ET, 1 << 4
.set CR0_NE, 1 << 5                  # x87 errors are exceptions
.set CR0_WP, 1 << 16                 # the kernel obeys read-only pages
.set CR0_PG, 1 << 31
.set CR4_PAE, 1 << 5
.set CR4_OSFXSR, 1 << 9              # SSE
.set CR4_OSXMMEXCPT, 1 << 10         # SSE errors are #XM
.set MSR_EFER, 0xc0000080
.set EFER_LME, 1 << 8
.set EFER_NXE, 1 << 11

.section .note.Xen, "a", @note
    .balign 4
    .long 2f - 1f
    .long 4f - 3f
    .long 18                         # XEN_ELFNOTE_PHYS32_ENTRY
1:  .asciz "Xen"
2:  .balign 4
3:  .quad pvh_start
4:  .balign 4

.section .text.boot, "ax", @progbits
.code32
.global pvh_start
pvh_start:
    cld
    mov esp, offset __boot_stack_top

    xor eax, eax
    mov edi, offset __bss_start
    mov ecx, offset __bss_end
    sub ecx, edi
    shr ecx, 2
    rep stosd

    # The leaves. The page tables lie in a row, so the entry for ADDRESS is at ADDRESS / 512.
    mov ebp, offset boot_map
1:  mov esi, [ebp]                   # first address
    mov edx, [ebp + 4]               # end
    mov eax, [ebp + 8]               # lower flags
    mov ebx, [ebp + 12]              # upper flags
2:  cmp esi, edx
    jae 3f
    mov edi, esi
    shr edi, 9
    mov ecx, esi
    or ecx, eax
    mov [edi + {page_tables}], ecx
    mov [edi + {page_tables} + 4], ebx
    add esi, 4096
    jmp 2b
3:  add ebp, 16
    cmp ebp, offset boot_map_end
    jb 1b

    # The directory of the first gigabyte. It leaves the away arenas out.
    xor ecx, ecx
    mov eax, offset {page_tables}
    or eax, PRESENT | WRITABLE | USER
4:  mov [ecx * 8 + {directory}], eax
    add eax, 4096
    inc ecx
    cmp ecx, {near_table_count}
    jb 4b

    # The far alias shares the page tables below the first arena.
    mov ecx, offset __arena_text_start
    shr ecx, 21
5:  mov eax, [ecx * 8 + {directory} - 8]
    mov [ecx * 8 + {far_directory} - 8], eax
    dec ecx
    jnz 5b

    # The registers of the local APIC, above all page tables: one large page.
    mov dword ptr [{apic_index} * 8 + {directory}], {apic_page}
    mov dword ptr [{apic_index} * 8 + {directory} + 4], NO_EXECUTE_HIGH

    # Where the second hart begins. Low memory is not mapped later on, but it can be written now.
    mov esi, offset trampoline
    mov edi, {trampoline_address}
    mov ecx, offset trampoline_end
    sub ecx, esi
    rep movsb

    mov eax, offset {directory}
    or eax, PRESENT | WRITABLE | USER
    mov [{directory_pointers}], eax
    mov eax, offset {far_directory}
    or eax, PRESENT | WRITABLE
    mov [{directory_pointers} + {far_index} * 8], eax
    mov eax, offset {directory_pointers}
    or eax, PRESENT | WRITABLE | USER
    mov [{root}], eax

    mov ebx, offset {start}
    jmp enter_long_mode

second_hart:
    mov eax, 24                      # the flat data segment of the table below
    mov ds, eax
    mov es, eax
    mov ss, eax
    cld
    mov esp, offset __second_stack_top
    mov ebx, offset {start_second}

    # Both harts, each on its own stack, with where to go in EBX.
enter_long_mode:
    mov eax, offset {root}
    mov cr3, eax
    mov eax, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT
    mov cr4, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_LME | EFER_NXE
    wrmsr
    mov eax, CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE
    mov cr0, eax

    lgdt [boot_gdt_pointer]
    push 8
    mov eax, offset long_mode
    push eax
    retf

.code64
long_mode:
    # Null selectors will do: long mode ignores these segments.
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    mov esp, esp                     # clears the upper half
    mov ebx, ebx
    xor ebp, ebp
    fninit
    call rbx
    ud2

.section .rodata.boot, "a", @progbits
    .balign 8
# What is mapped: first address, end, lower and upper flags. Nothing is writable and executable.
boot_map:
    .long __text_start, __text_end, PRESENT, 0
    .long __gate_start, __gate_end, PRESENT | USER, 0
    .long __rodata_start, __rodata_end, PRESENT, NO_EXECUTE_HIGH
    .long __data_start, __data_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .if {protects_tables}
    .long __page_tables_start, __page_tables_end, PRESENT, NO_EXECUTE_HIGH
    .endif
    .long __boot_stack_bottom, __boot_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __fault_stack_bottom, __fault_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __double_fault_stack_bottom, __double_fault_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __nmi_stack_bottom, __nmi_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __second_stack_bottom, __second_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __second_fault_stack_bottom, __second_fault_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __second_double_fault_stack_bottom, __second_double_fault_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __second_nmi_stack_bottom, __second_nmi_stack_top, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __program_stack_start, __program_stack_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __second_program_stack_start, __second_program_stack_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __arena_text_start, __arena_text_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __arena_rodata_start, __arena_rodata_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __arena_data_start, __arena_data_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __image_heap_start, __image_heap_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    .long __program_heap_start, __program_heap_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
    # Programs may leave code in their files.
    .long __job_start, __job_end, PRESENT, 0
    .long __away_text_start, __away_data_end, PRESENT | WRITABLE, NO_EXECUTE_HIGH
boot_map_end:

    .balign 8
boot_gdt:
    .quad 0
    # Already marked as accessed, all of them.
    .quad 0x00af9b000000ffff         # 64-bit code
    .quad 0x00cf9b000000ffff         # 32-bit code and data, for the second hart
    .quad 0x00cf93000000ffff
boot_gdt_pointer:
    .word boot_gdt_pointer - boot_gdt - 1
    .long boot_gdt
.text
