.text
.balign 4096
.fill 1022, 4, 0xd503201f
adrp x0, question
ldr x1, [x1]
ldr x2, [x0, :lo12:question]
