// A broad program: what it prints is the same everywhere.
"use strict";

class Shape {
  #sides;
  static made = 0;
  constructor(sides) { this.#sides = sides; Shape.made++; }
  get sides() { return this.#sides; }
  area() { throw new TypeError(`no area with ${this.#sides} sides`); }
  toString() { return `${this.constructor.name}(${this.#sides})`; }
}
class Square extends Shape {
  constructor(side) { super(4); this.side = side; }
  area() { return this.side ** 2; }
}
print(new Square(3), new Square(1.5).area(), Shape.made);
try { new Shape(7).area(); } catch (error) { print(error.name, error.message, error instanceof TypeError); }

// Numbers, as they are written and read.
print(1 / 3, 0.1 + 0.2, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, -0, 2 ** 53, 123456789012345680000);
print((255).toString(16), (0.1).toString(3), (1234.5678).toFixed(2), (0.000012345).toPrecision(3), (1e21).toLocaleString());
print(parseFloat("3.14abc"), parseInt("0x1f"), Number("1_0"), Math.hypot(3, 4), Math.fround(0.1), Math.clz32(1000));
print([0.5, 1, 2, 3].map((x) => Math.round(Math.sin(x) * 1e9)).join(), Math.imul(0x7fffffff, 3), 7 % -3, -7 % 3);
let power = 1n;
for (let i = 1n; i <= 60n; i++) power *= i;
print(power, power % 1000000007n, BigInt.asIntN(64, power), -(2n ** 200n) >> 131n);

// Generators, destructuring, spread, tagged templates, labels.
function* naturals(from = 0) { for (;;) yield from++; }
function* take(count, source) { for (const value of source) { if (count-- <= 0) return; yield value; } }
print(...take(10, naturals(5)));
const { a, b: { c = 7, ...rest }, ...others } = { a: 1, b: { d: 2, e: 3 }, f: 4, g: 5 };
print(a, c, JSON.stringify(rest), JSON.stringify(others));
const tag = (parts, ...values) => parts.raw.map((part, i) => part + (values[i] ?? "")).join("");
print(tag`one ${1} \n two ${[2, 3]}`);
outer: for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) { if (j === 2) continue outer; if (i === 2) break outer; print(i, j); }

// Collections and proxies.
const counts = new Map();
for (const letter of "relocation and relaxation") counts.set(letter, (counts.get(letter) ?? 0) + 1);
print(JSON.stringify([...counts].sort(([x, m], [y, n]) => n - m || (x < y ? -1 : 1))));
const seen = [];
const proxy = new Proxy({}, { get: (_, name) => (seen.push(name), name.length), has: () => true });
print(proxy.abc + proxy.defgh, "x" in proxy, seen.join());
print(Object.entries(Object.groupBy([1, 2, 3, 4, 5], (n) => (n % 2 ? "odd" : "even"))).join(" "));
print(new Uint8Array(new Float64Array([Math.PI]).buffer).join(), [3, 1, 2].toSorted(), [1, [2, [3, [4]]]].flat(Infinity));

// Text and expressions.
print("straße".toUpperCase(), "İ".toLowerCase().length, "e\u0301".normalize("NFC").length, [..."a😀b"].length, "abc".at(-1), "x".padStart(5, "ab"));
print("2024-02-29 and 1999-12-31".replace(/(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)/g, "$<d>.$<m>.$<y>"));
print("aBc1_é".match(/\p{Lu}|\d|(?<=_)./gu).join("|"), /^(?:(a+)b?)+$/.exec("aabaaab").join(), "a1b22".split(/(\d+)/).join("|"));
print(JSON.stringify({ date: new Date(86400000 * 365.25 * 30), nested: [undefined, () => 1, NaN, "\u2028"] }, null, 1));
print(JSON.parse('{"a":[1,2,{"b":null}]}', (key, value) => (typeof value === "number" ? value * 2 : value)).a[1]);

// Sorting, sieving, deep recursion that ends.
const numbers = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003);
print(numbers.sort((x, y) => x - y).slice(0, 5), numbers.reduce((sum, n) => sum + n, 0));
const sieve = new Uint8Array(50000);
let primes = 0;
for (let i = 2; i < sieve.length; i++) if (!sieve[i]) { primes++; for (let j = i * i; j < sieve.length; j += i) sieve[j] = 1; }
print(primes);
const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));
print(fibonacci(20));
try { (function endless() { return 1 + endless(); })(); } catch (error) { print(error.name); }
try { eval("let x = ;"); } catch (error) { print(error.name, error.message); }

// What waits: in the order in which it comes.
const order = [];
const wait = async (name, times) => { for (let i = 0; i < times; i++) { order.push(name + i); await null; } return name; };
Promise.all([wait("a", 3), wait("b", 2), Promise.reject(new Error("late")).catch((error) => error.message)])
  .then((values) => print(values, order.join()))
  .finally(() => print("done"));
(async () => { for await (const value of (async function* () { yield 1; yield* [2, 3]; })()) order.push(value); })();
