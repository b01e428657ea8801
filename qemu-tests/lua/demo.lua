-- What the demo runs on each machine. It prints the same bytes everywhere, or something
-- in the loader, the C library or the compiler is wrong: no addresses, no times, no order
-- that depends on a hash.

local function section(title)
  print("-- " .. title)
end

section("strings and numbers")
print(_VERSION, math.maxinteger, math.mininteger, math.pi)
local form = "%5.2f|%-8s|%+d|%08.3f|%x|%g|%e"
print(string.format(form, 3.14159, "left", 42, -2.5, 255, 1e100, 0.1))
print(string.format("%.14g %.14g %.17g %.3f", 1 / 3, 1e15, 0.1, 2 ^ 53))
print(string.format("%a %a", 1.5, -0.1))
print(string.format("%q", 'a "quoted"\nline\0end'))
print(string.format("%q %q", 1 / 3, math.mininteger))
print(7 // 2, -7 // 2, 7 % -3, -7 % 3, 7 / 2, 2 ^ 10, 1 // 0.0, -1 // 0.0)
print(1 << 62, 1 << 64, -1 >> 60, ~0, 5 & 3, 5 | 3, 5 ~ 3, "10" + 5, 10 == 10.0)
print(math.type(1), math.type(1.0), math.tointeger(3.0), 0x1p-4, 1e308 * 10)
print(math.maxinteger + 1 == math.mininteger, 0x7fffffffffffffff + 1)
print(string.format("%.10f %.10f %.10f", math.sin(1), math.exp(1), math.log(10, 2)))
print(tonumber("0x1.8p3"), tonumber("  12  "), tonumber("1e"), tonumber("zz", 36))
print(("hello world"):gsub("o", "0"), ("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
print(("%d+"):rep(3, ","), ("abc"):byte(1, -1), #"h\u{e9}llo", utf8.len("h\u{e9}llo"))
local packed = string.pack("<i4 >I2 z s1 d", -2, 0xbeef, "zero", "one", 1.25)
print(#packed, string.unpack("<i4 >I2 z s1 d", packed))

section("functions, closures, coroutines")
local function counter(step)
  local n = 0
  return function() n = n + step return n end
end
local by2, by5 = counter(2), counter(5)
print(by2(), by2(), by5(), by2(), by5())

local function permutations(list, n)
  n = n or #list
  if n == 0 then return coroutine.yield(table.concat(list, "")) end
  for i = 1, n do
    list[n], list[i] = list[i], list[n]
    permutations(list, n - 1)
    list[n], list[i] = list[i], list[n]
  end
end
local seen = {}
for p in coroutine.wrap(function() permutations({ "a", "b", "c" }) end) do
  seen[#seen + 1] = p
end
print(table.concat(seen, " "))
local co = coroutine.create(function(a)
  local b = coroutine.yield(a * 2)
  error("stop " .. b)
end)
print(coroutine.resume(co, 21))
print(coroutine.resume(co, "now"))
print(coroutine.status(co), coroutine.resume(co))
local function rest(_, ...) return ... end
print(select("#", table.unpack({ 1, nil, 3 }, 1, 3)), rest(1, 2, 3))

section("tables and metatables")
local words = { "pear", "fig", "apple", "kiwi", "banana" }
table.sort(words, function(a, b) return #a < #b or (#a == #b and a < b) end)
print(table.concat(words, " "), next({}), #words)
local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, Vector) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Vector.__tostring = function(v) return "(" .. v.x .. ", " .. v.y .. ")" end
Vector.__call = function(v, k) return v[k] end
local function vector(x, y) return setmetatable({ x = x, y = y }, Vector) end
local sum = vector(1, 2) + vector(0.5, 2)
print(tostring(sum), sum("x"), sum == vector(1.5, 4), sum ~= vector(0, 0))
local log = {}
local function closing(name)
  return setmetatable({}, { __close = function() log[#log + 1] = name end })
end
do
  local first <close> = closing("first")
  local second <close> = closing("second")
end
print(table.concat(log, ", "))

section("errors")
print(pcall(error, { code = 7 }) == false, select(2, pcall(error, "plain", 0)))
print(pcall(function() return 1 // 0 end))
print(pcall(function() return 1 % 0 end))
print(pcall(function() local t = nil; return t.field end))
print(pcall(function() return {} < {} end))
print(pcall(string.rep, "x", -1), pcall(string.rep))
print(xpcall(function() error("deep") end, function(m) return "handled: " .. m end))
print(load("x = = 1", "=chunk"))
print(pcall(string.format, "%d", 1.5))
local endless = setmetatable({}, { __index = function(t, k) return t[k] end })
print(select(2, pcall(function() return endless.x end)):match("C stack overflow"))
print(io.open("/no/such/file") == nil, os.getenv("HOME_OF_NOBODY"), type(os.clock()))
print(os.date("!%Y-%m-%d %H:%M:%S", 86400))

section("garbage collection")
collectgarbage()
local base = collectgarbage("count")
local garbage = {}
for i = 1, 4000 do garbage[i] = { i, tostring(i) } end
local full = collectgarbage("count")
garbage = nil
collectgarbage()
local after = collectgarbage("count")
print(full > base + 300, after < base + 50)
local weak = setmetatable({}, { __mode = "v" })
weak.kept, weak.lost = words, {}
collectgarbage()
print(weak.kept == words, weak.lost)
local finalised = {}
for i = 1, 3 do setmetatable({}, { __gc = function() finalised[#finalised + 1] = i end }) end
collectgarbage()
print(table.concat(finalised, " "))
collectgarbage("generational")
for i = 1, 5000 do local t = { i, { i } } end
collectgarbage("incremental")
AtExit = setmetatable({}, { __gc = function() print("the state is closed") end })

section("work")
local function queens(n)
  local count, columns, up, down = 0, {}, {}, {}
  local function place(row)
    if row > n then count = count + 1 return end
    for c = 1, n do
      if not (columns[c] or up[row + c] or down[row - c]) then
        columns[c], up[row + c], down[row - c] = true, true, true
        place(row + 1)
        columns[c], up[row + c], down[row - c] = nil, nil, nil
      end
    end
  end
  place(1)
  return count
end
print("queens", queens(8))

local function spectral_norm(n)
  local function a(i, j) return 1 / ((i + j) * (i + j + 1) // 2 + i + 1) end
  local function multiply(v, transposed)
    local out = {}
    for i = 0, n - 1 do
      local s = 0
      for j = 0, n - 1 do s = s + v[j] * (transposed and a(j, i) or a(i, j)) end
      out[i] = s
    end
    return out
  end
  local u, v = {}, nil
  for i = 0, n - 1 do u[i] = 1 end
  for _ = 1, 5 do
    v = multiply(multiply(u, false), true)
    u = multiply(multiply(v, false), true)
  end
  local uv, vv = 0, 0
  for i = 0, n - 1 do uv, vv = uv + u[i] * v[i], vv + v[i] * v[i] end
  return math.sqrt(uv / vv)
end
print("spectral norm", string.format("%.12f", spectral_norm(60)))

local composite, primes = {}, 0
for i = 2, 60000 do
  if not composite[i] then
    primes = primes + 1
    for j = i * i, 60000, i do composite[j] = true end
  end
end
print("primes below 60000", primes)

math.randomseed(2024)
local list = {}
for i = 1, 5000 do list[i] = math.random(1, 1000000) end
table.sort(list)
local hash = 0
for i, x in ipairs(list) do hash = (hash * 31 + x * i) & 0xffffffff end
print("sorted", list[1], list[#list], string.format("%08x", hash))

for y = -1.2, 1.21, 0.2 do
  local line = {}
  for x = -2.1, 0.75, 0.05 do
    local a, b, n = 0.0, 0.0, 0
    while n < 30 and a * a + b * b < 4 do a, b, n = a * a - b * b + x, 2 * a * b + y, n + 1 end
    line[#line + 1] = n >= 30 and "#" or n > 8 and "+" or n > 4 and "." or " "
  end
  print((table.concat(line):gsub("%s+$", "")))
end
print("done")
