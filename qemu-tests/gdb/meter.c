/* What GDB is driven through by `cargo xtask test --only gdb`; the words in brackets name lines. */

struct reading {
    int channel;
    long value;
    const char *unit;
};

extern int kernel_call_back(int (*function)(int), int value);

struct reading last;

static int meter_add(struct reading *to, int amount)
{
    int twice = amount * 2; /* [add] */
    to->value += twice;     /* [add: next] */
    to->channel = 3;
    return twice;
}

int meter_call(int value)
{
    struct reading reading;
    reading.channel = 7;
    reading.value = value;
    reading.unit = "mV";
    int result = meter_add(&reading, value); /* [call] */
    last = reading;                    /* [call: next] */
    return result;
}

int main(void)
{
    return kernel_call_back(meter_call, 21) - 84; /* [main] */
}
