// Lua runs a script: n queens, string building and matching, a table sorted, closures.
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char script[] =
    "local n = ...\n"
    "local function queens(size)\n"
    "  local count, columns, rising, falling = 0, {}, {}, {}\n"
    "  local function place(row)\n"
    "    if row > size then count = count + 1 return end\n"
    "    for column = 1, size do\n"
    "      local up, down = row + column, row - column + size\n"
    "      if not (columns[column] or rising[up] or falling[down]) then\n"
    "        columns[column], rising[up], falling[down] = true, true, true\n"
    "        place(row + 1)\n"
    "        columns[column], rising[up], falling[down] = nil, nil, nil\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "  place(1)\n"
    "  return count\n"
    "end\n"
    "local parts = {}\n"
    "for i = 1, n * 20 do parts[i] = string.format('%d:%s', i, string.rep('x', i % 7)) end\n"
    "local text, total = table.concat(parts, ','), 0\n"
    "for number in text:gmatch('%d+') do total = total + tonumber(number) end\n"
    "local list, hash = {}, 0\n"
    "for i = 1, n * 30 do list[i] = i * 7919 % 1009 + i * 0.5 end\n"
    "table.sort(list, function(a, b) return a > b end)\n"
    "for i, value in ipairs(list) do hash = (hash * 31 + value // 1) % 1000003 end\n"
    "return math.tointeger(queens(6) + total + hash)\n";

void luaL_openlibs(lua_State *L) {
  luaL_requiref(L, "_G", luaopen_base, 1);
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
  lua_settop(L, 0);
}

__attribute__((export_name("run"))) int run(int size) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  luaL_loadstring(L, script);
  lua_pushinteger(L, size);
  lua_call(L, 1, 1);
  int result = (int)lua_tointeger(L, -1);
  lua_close(L);
  return result;
}
