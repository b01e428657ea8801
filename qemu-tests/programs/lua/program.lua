-- The language and its library, feature by feature. Each part checks itself and prints what it comes to: the
-- same everywhere.

local function check(name, test)
  local digest = 0
  local function note(...)
    for i = 1, select("#", ...) do
      local text = tostring((select(i, ...))):gsub(" *%-?nan", "nan") -- its sign is the processor's
      for at = 1, #text do digest = (digest * 31 + text:byte(at)) & 0xffffffffffff end
      digest = digest * 31 + 7
    end
  end
  local good, message = xpcall(test, debug.traceback, note)
  print(string.format("%-22s %012x%s", name, digest & 0xffffffffffff, good and "" or "\n" .. message))
  if not good then failed = true end
end

local function fails(pattern, f, ...)
  local good, message = pcall(f, ...)
  assert(not good and tostring(message):find(pattern), tostring(message))
  return message
end

check("integers", function(note)
  for _, a in ipairs { 0, 1, -1, 7, -7, 255, math.maxinteger, math.mininteger } do
    for _, b in ipairs { 1, -1, 2, -3, 10, math.maxinteger, math.mininteger } do
      note(a + b, a - b, a * b, a // b, a % b, a & b, a | b, a ~ b, a << (b & 63), a >> (b & 63), a < b, a <= b, a == b)
      note(math.ult(a, b), a / b)
      assert((a // b) * b + a % b == a)
    end
  end
  fails("divide by zero", function() return 1 // 0 end)
  fails("n%%+0", function() return 1 % 0 end)
  fails("no integer representation", function() return 2.5 | 1 end)
end)

check("floats", function(note)
  local values = { 0.0, -0.0, 0.1, 1 / 3, 1e15, 1e16, 1e100, -2.5, 2 ^ 53, 2 ^ -1074, math.huge, -math.huge, math.pi }
  for _, a in ipairs(values) do
    note(string.format("%.17g %.14g %a %e %g %10.3f", a, a, a, a, a, a % 1e6), math.floor(a % 1000), math.type(a))
    for _, b in ipairs(values) do note(a < b, a <= b, a == b, a + b ~= a + b) end
    if a == a and a ~= math.huge and a ~= -math.huge then assert(tonumber(string.format("%.17g", a)) == a) end
    note(math.tointeger(a), math.modf(a), math.fmod(a, 3))
  end
  -- Not "0x": picolibc's strtod takes that for a number.
  for _, text in ipairs { "1e1", "0x.8p1", " 12 ", "1e", "1 2", "nan", "inf", "1e400", "0xffffffffffffffffff", "9223372036854775808" } do
    note(tonumber(text))
  end
  for base = 2, 36 do note(tonumber("10", base), tonumber("z", base)) end
  for i = 1, 200 do note(string.format("%.9g", math.sqrt(i)), string.format("%.9g", math.exp(i / 50)), string.format("%.9g", math.atan(i, 7))) end
end)

check("strings", function(note)
  local text = "The quick brown fox jumps over the lazy dog, 1234 times; says \u{20ac} and \u{10ffff}."
  for _, pattern in ipairs { "%a+", "(%w)(%w)", "%d+", "%f[%w]%w+", "()o()", "[^%s,;]+", "%b()", "^The", "%.$", "(.-)o", "[\x80-\xff]+" } do
    for a, b in text:gmatch(pattern) do note(a, b) end
    note(text:gsub(pattern, "<%0>"), text:find(pattern))
  end
  note(text:gsub("%w+", { quick = "slow", dog = false }), text:gsub("o", string.upper, 2), text:rep(3, "-"), text:reverse():upper():lower())
  note(text:sub(-5), text:sub(0), text:sub(5, 3), text:byte(1, 5), ("x"):rep(0), #text, text:len())
  note(string.format("%q", "a\0b\r\n\"\\\200"), string.format("%5s|%-5s|%.2s|%c|%i|%o|%X|%%", "a", "b", "cde", 65, 42, 8, 255))
  for p, c in utf8.codes("aé€😀") do note(p, c, utf8.char(c), utf8.offset("aé€😀", -1)) end
  note(utf8.len("\xff"), utf8.codepoint("€"), utf8.charpattern)
  local format = "<i1 I2 >i4 <I8 f d n j z s2 !8 xi8"
  local packed = string.pack(format, -5, 65000, -70000, 1 << 40, 0.5, 1 / 3, 2.25, -9, "zero", "two", 99)
  note(packed, string.packsize("<i1 I2 i4 I8"), string.unpack(format, packed))
  fails("malformed pattern", string.find, "a", "[a")
  fails("overflow", string.pack, "i1", 300)
  fails("too short", string.unpack, "i8", "abc")
  fails("invalid capture", string.gsub, "a", "a", "%2")
  assert("a" < "b" and "a" < "aa" and "Z" < "a" and not ("a" < "a"))
end)

check("tables", function(note)
  local list = {}
  for i = 1, 2000 do list[i] = i * 7919 % 2003 end
  table.sort(list)
  for i = 2, #list do assert(list[i - 1] <= list[i]) end
  table.sort(list, function(a, b) return a > b end)
  note(table.concat(list, ",", 1, 50), #list, select(-1, table.unpack(list, 1, 10)))
  note(table.remove(list), table.remove(list, 1), table.insert(list, 5, "five"), list[5], #table.move(list, 1, 10, 3, {}))
  local map = {}
  for i = 1, 3000 do map["key" .. i] = i; map[i + 0.5] = i end
  for i = 1, 3000, 3 do map["key" .. i] = nil end
  local count, sum = 0, 0
  for _, value in pairs(map) do count = count + 1; sum = sum + value end
  note(count, sum, next({}), rawlen({ 1, 2 }), rawequal(map, map))
  local packed = table.pack(1, nil, 3, nil)
  note(packed.n, select("#", table.unpack(packed, 1, packed.n)))
  fails("invalid order function", table.sort, list, function() return true end)
  fails("index is nil", function() map[nil] = 1 end)
  fails("NaN", function() map[0 / 0] = 1 end)
end)

check("metatables", function(note)
  local V = {}
  V.__index = V
  local function new(x, y) return setmetatable({ x = x, y = y }, V) end
  for _, name in ipairs { "add", "sub", "mul", "div", "mod", "pow", "idiv", "band", "bor", "bxor", "shl", "shr" } do
    V["__" .. name] = function(a, b)
      a, b = type(a) == "number" and new(a, a) or a, type(b) == "number" and new(b, b) or b
      return new(name .. a.x .. b.x, a.y .. b.y)
    end
  end
  V.__unm = function(a) return new("-" .. a.x, a.y) end
  V.__bnot = V.__unm
  V.__len = function() return 42 end
  V.__concat = function(a, b) return tostring(a) .. "|" .. tostring(b) end
  V.__eq = function(a, b) return a.x == b.x end
  V.__lt = function(a, b) return a.x < b.x end
  V.__le = function(a, b) return a.x <= b.x end
  V.__call = function(self, ...) return self.x, ... end
  V.__tostring = function(self) return "(" .. self.x .. "," .. self.y .. ")" end
  V.__name = "vector"
  V.__pairs = function(self) return function(_, k) if not k then return 1, self.x end end, self, nil end
  local a, b = new(1, 2), new(3, 4)
  note(a + b, a - 1, 2 * b, a / b, a % b, a ^ b, a // b, a & b, a | b, a ~ b, a << 1, 1 >> b, -a, ~b, #a, a .. b, "x" .. a)
  note(a == new(1, 9), a < b, a <= b, a > b, a(5, 6))
  for k, v in pairs(a) do note(k, v) end
  local log = {}
  local proxy = setmetatable({}, { __index = function(_, k) log[#log + 1] = k; return k .. "!" end, __newindex = function(t, k, v) rawset(t, k, v * 2) end })
  proxy.set = 21
  note(proxy.get, proxy.set, table.concat(log))
  local chain = setmetatable({}, { __index = setmetatable({ deep = 1 }, { __index = { deeper = 2 } }) })
  note(chain.deep, chain.deeper, chain.none)
  fails("protected", setmetatable, setmetatable({}, { __metatable = "no" }), {})
  fails("attempt to call a table", {})
end)

check("closures and goto", function(note)
  local functions = {}
  for i = 1, 5 do
    local j = i * 10
    functions[i] = function(n) j = j + n; return i + j end
  end
  for i = 1, 5 do note(functions[i](1), functions[i](2)) end
  local function y(f) return (function(x) return x(x) end)(function(x) return f(function(...) return x(x)(...) end) end) end
  note(y(function(self) return function(n) return n < 2 and 1 or n * self(n - 1) end end)(20))
  local function tail(n, sum) if n == 0 then return sum end return tail(n - 1, sum + n) end
  note(tail(100000, 0))
  local i = 1
  ::again::
  do local k = i; functions[i] = function() return k end end
  i = i + 1
  if i <= 3 then goto again end
  note(functions[1](), functions[2](), functions[3]())
  local function many(...) local a, b = ...; return select("#", ...), a, b, (...) end
  note(many(), many(nil, nil), many(1, 2, 3), (many(1, 2)))
  -- Through C: Lua's own stack ends later than the heap.
  fails("C stack overflow", function() local function f() return (("a"):gsub("a", f)) end return f() end)
  do
    local order = {}
    local function closing(name) return setmetatable({}, { __close = function(_, e) order[#order + 1] = name .. tostring(e) end }) end
    pcall(function() local a <close> = closing "a"; local b <close> = closing "b"; local c <const> = 3; error("e" .. c, 0) end)
    note(table.concat(order, ","))
  end
end)

check("coroutines", function(note)
  local function generate(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i, i * i) end return "end" end) end
  local g = generate(3)
  note(g()) note(g()) note(g()) note(g())
  fails("dead coroutine", g)
  local function permute(list, n)
    if n == 0 then coroutine.yield(table.concat(list)) end
    for i = 1, n do
      list[n], list[i] = list[i], list[n]
      permute(list, n - 1)
      list[n], list[i] = list[i], list[n]
    end
  end
  for text in coroutine.wrap(function() permute({ "a", "b", "c", "d", "e" }, 5) end) do note(text) end
  local co = coroutine.create(function(...) note(...); local x = coroutine.yield(1, 2); error({ code = x }) end)
  note(coroutine.resume(co, "in", "to"))
  local good, problem = coroutine.resume(co, 77)
  note(good, problem.code, coroutine.status(co), coroutine.isyieldable(), (coroutine.close(co)))
  -- Across pcall, metamethods and iterators.
  local wrapped = coroutine.wrap(function()
    local t = setmetatable({}, { __add = function(a, b) return coroutine.yield(b) end })
    local ok, value = pcall(function() return t + 5 end)
    for k in (function() return coroutine.yield("iterator") end) do note(k) break end
    return ok, value
  end)
  note(wrapped()) note(wrapped("added")) note(wrapped("key"))
  local ring = {}
  for i = 1, 200 do ring[i] = coroutine.wrap(function(n) while true do n = coroutine.yield(n * 3 % 1009 + i) end end) end
  local n = 1
  for _ = 1, 20 do for i = 1, #ring do n = ring[i](n) end end
  note(n)
end)

check("errors", function(note)
  note(fails("attempt to index a nil value %(local 'x'%)", function() local x; return x.y end))
  note(fails("attempt to perform arithmetic on a table", function() return {} + 1 end))
  note(fails("attempt to compare number with nil", function() return 1 < nil end))
  note(fails("bad argument #1 to '.-rep'", string.rep))
  note(fails("number expected, got table", string.char, {}))
  local object = setmetatable({}, { __tostring = function() return "an object" end })
  note(select(2, pcall(error, object)), select(2, pcall(error)), select(2, pcall(error, "at", 2)))
  note(xpcall(function() error("inner", 0) end, function(m) return "<" .. m .. ">" end))
  note(select(2, load("x = = 1", "chunk")), select(2, load("goto nowhere", "chunk")), select(2, load("for", "=c")), select(2, load("\27Lua", "b", "t")))
  note(pcall(load, function() error "reader" end))
  local parts, at = { "return ", "1 ", "+ ", "41" }, 0
  note(load(function() at = at + 1; return parts[at] end)())
  local env = { note = note }
  load("x = 5; note(x)", "chunk", "t", env)()
  note(env.x, x)
  note(load(string.dump(function(a) return a * 2 end))(21))
end)

check("garbage", function(note)
  local weak, gone = setmetatable({}, { __mode = "k" }), 0
  for i = 1, 100 do weak[{}] = setmetatable({}, { __gc = function() gone = gone + 1 end }) end
  local kept = {}
  weak[kept] = true
  collectgarbage() collectgarbage()
  local count = 0
  for _ in pairs(weak) do count = count + 1 end
  note(count, gone)
  for _, mode in ipairs { "generational", "incremental" } do
    collectgarbage(mode)
    local list
    for i = 1, 30000 do list = { next = i % 1000 ~= 0 and list or nil, text = "n" .. i } end
    note(list.text)
  end
  collectgarbage()
  assert(collectgarbage("count") < 2000)
end)

check("programs", function(note)
  local function queens(n)
    local count, columns, left, right = 0, {}, {}, {}
    local function place(row)
      if row > n then count = count + 1 return end
      for c = 1, n do
        if not columns[c] and not left[row + c] and not right[row - c] then
          columns[c], left[row + c], right[row - c] = true, true, true
          place(row + 1)
          columns[c], left[row + c], right[row - c] = nil, nil, nil
        end
      end
    end
    place(1)
    return count
  end
  note(queens(7))
  local function mandelbrot(w, h)
    local rows = {}
    for y = 0, h - 1 do
      local row = {}
      for x = 0, w - 1 do
        local cr, ci, zr, zi, n = 3 * x / w - 2, 2 * y / h - 1, 0, 0, 0
        while n < 30 and zr * zr + zi * zi < 4 do zr, zi, n = zr * zr - zi * zi + cr, 2 * zr * zi + ci, n + 1 end
        row[#row + 1] = n == 30 and "#" or n > 6 and "+" or "."
      end
      rows[#rows + 1] = table.concat(row)
    end
    return table.concat(rows, "\n")
  end
  local picture = mandelbrot(60, 20)
  print(picture)
  note(picture)
  local memo = setmetatable({}, { __mode = "v" })
  local function ways(n, k) -- partitions
    if n == 0 then return 1 elseif n < 0 or k == 0 then return 0 end
    local key = n * 1000 + k
    if not memo[key] then memo[key] = ways(n - k, k) + ways(n, k - 1) end
    return memo[key]
  end
  note(ways(100, 100))
end)

assert(not failed)
