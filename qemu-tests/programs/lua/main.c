/* Runs the script that is built in. */
#include "../embedded.h"
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

/* Adds the stack of calls to the message of an error that nothing caught. */
static int add_traceback(lua_State *L) {
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

int main(void) {
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        lua_writestringerror("%s\n", "not enough memory for a Lua state");
        return 2;
    }
    luaL_openlibs(L);
    lua_pushcfunction(L, add_traceback);
    int status = luaL_loadbuffer(L, embedded->bytes, embedded->size, "@program.lua");
    if (status == LUA_OK)
        status = lua_pcall(L, 0, 0, 1);
    if (status != LUA_OK)
        lua_writestringerror("%s\n", lua_tostring(L, -1));
    lua_close(L);
    return status == LUA_OK ? 0 : 1;
}
