ldr x0, [x0, :lo12:question]
