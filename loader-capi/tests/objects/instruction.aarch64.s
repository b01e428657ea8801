.reloc ., R_AARCH64_CALL26, question
nop
