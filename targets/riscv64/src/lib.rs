//! The QEMU machine for riscv64.
#![no_std]
