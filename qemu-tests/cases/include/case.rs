// What the image offers to programs, and the one way to check something.

unsafe extern "C" {
    fn kernel_write(text: *const u8, length: usize);
    safe fn kernel_abort() -> !;
    safe fn kernel_test_far(value: i32) -> i32;
}

// Ends `main` with the number of the line that does not hold.
#[macro_export]
macro_rules! check {
    ($condition:expr) => {
        if !$condition {
            return line!() as i32;
        }
    };
}

// Prints `text`.
pub fn write(text: &str) {
    // SAFETY: the text is readable for its length.
    unsafe { kernel_write(text.as_ptr(), text.len()) }
}

// Lives 64 GiB away. Returns its argument plus one.
pub fn far(value: i32) -> i32 {
    kernel_test_far(value)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    write("panicked\n");
    kernel_abort()
}
