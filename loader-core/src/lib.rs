//! A loader for ELF relocatable objects.
#![no_std]
