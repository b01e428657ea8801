/* A module that needs what nobody has. */
extern int nowhere(int);

int lost(void)
{
    return nowhere(1) + 1;
}
