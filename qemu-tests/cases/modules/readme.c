//! entry: README.md
//! with: readme_gpio.c
//! expect: returned 42
// The README's example, word for word: it loads this object and the other one as two modules.
int gpio_level(int pin);

int blink_main(void) {
    return gpio_level(2);
}
