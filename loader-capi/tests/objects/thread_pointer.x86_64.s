movq variable@GOTTPOFF(%rip), %rax
