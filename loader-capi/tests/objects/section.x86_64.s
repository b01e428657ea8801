.section both,"awx"
nop
