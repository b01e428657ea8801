call question
movq question@GOTPCREL(%rip), %rax
