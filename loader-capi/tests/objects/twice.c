/* A second object of the module: needs what the first one defines. */
extern int answer(void);

int twice(void)
{
    return 2 * answer();
}
