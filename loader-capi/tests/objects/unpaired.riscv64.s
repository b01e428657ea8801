.option norvc
.text
alone: .reloc ., R_RISCV_PCREL_LO12_I, alone
addi a0, a0, 0
