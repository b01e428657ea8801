//! The QEMU machine for x86_64.
#![no_std]
