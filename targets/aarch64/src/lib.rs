//! The QEMU machine for aarch64.
#![no_std]
