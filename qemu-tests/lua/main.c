/* Runs the Lua script that is built in, as the stand-alone interpreter would run a file. */
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

/* The script: made from demo.lua by xtask. */
extern const char demo_script[];
extern const size_t demo_script_size;

/* Adds the stack of calls to the message of an error that nothing caught. */
static int add_traceback(lua_State *L) {
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

/* The global table `arg`, as scripts expect it. */
static void set_arguments(lua_State *L, int argc, char **argv) {
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
}

int main(int argc, char **argv) {
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        lua_writestringerror("%s\n", "not enough memory for a Lua state");
        return 2;
    }
    luaL_openlibs(L);
    set_arguments(L, argc, argv);
    lua_pushcfunction(L, add_traceback);
    int status = luaL_loadbuffer(L, demo_script, demo_script_size, "@demo.lua");
    if (status == LUA_OK)
        status = lua_pcall(L, 0, 0, 1);
    if (status != LUA_OK)
        lua_writestringerror("%s\n", lua_tostring(L, -1));
    lua_close(L);
    return status == LUA_OK ? 0 : 1;
}
