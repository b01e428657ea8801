// C++ as it is written: classes, templates and containers of the standard's headers, constructors before
// main and destructors behind it, exceptions between two sources.
#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <optional>
#include <queue>
#include <typeinfo>
#include <variant>

#include "shapes.h"

static Noted global("main.cc");

static void shapes()
{
	std::vector<std::unique_ptr<Shape>> all;
	int refused = 0;
	for (int kind = 0; kind < 12; kind++) {
		try {
			all.push_back(make_shape(kind, kind + 0.5));
		} catch (const std::exception &error) {
			refused += dynamic_cast<const Refused &>(error).code;
		}
	}
	std::sort(all.begin(), all.end(), [](auto &a, auto &b) { return a->area() > b->area(); });
	for (auto &shape : all) {
		auto *named = dynamic_cast<Named *>(shape.get());
		auto *coloured = dynamic_cast<Coloured *>(named); // across
		std::printf("%s %d: %.6f, twice %.6f, %x, %s\n", shape->name(), named->number, shape->area(),
			    shape->twice()->area(), coloured ? coloured->shade(8) : 0,
			    coloured && typeid(*coloured) == typeid(Square) ? typeid(*shape).name() : "?");
	}
	std::printf("refused %d\n", refused);
}

// Templates: computed when it is compiled, and generic code over values of several types.
template <unsigned N> struct Fibonacci {
	static constexpr unsigned long long value = Fibonacci<N - 1>::value + Fibonacci<N - 2>::value;
};
template <> struct Fibonacci<0> { static constexpr unsigned long long value = 0; };
template <> struct Fibonacci<1> { static constexpr unsigned long long value = 1; };

template <typename... T> static auto sum(T... values) { return (values + ...); }

using Value = std::variant<std::monostate, long, double, const char *>;

static void show(const Value &value)
{
	struct {
		void operator()(std::monostate) const { std::printf("nothing\n"); }
		void operator()(long number) const { std::printf("long %ld\n", number); }
		void operator()(double number) const { std::printf("double %.10g\n", number); }
		void operator()(const char *text) const { std::printf("text %s\n", text); }
	} visitor;
	std::visit(visitor, value);
}

static std::optional<int> half(int value)
{
	return value % 2 ? std::nullopt : std::optional(value / 2);
}

static void templates()
{
	std::printf("%llu %d %.3f\n", Fibonacci<90>::value, sum(1, 2, 3), sum(0.5, 2, 1.25f));
	for (const Value &value : { Value(), Value(7L), Value(2.5), Value("seven") })
		show(value);
	try {
		std::printf("%ld\n", std::get<long>(Value(2.5)));
	} catch (const std::bad_variant_access &error) {
		std::printf("%s\n", error.what());
	}
	std::printf("%d %d\n", half(8).value_or(-1), half(7).value_or(-1));
	std::printf("%d primes, the last %d, their sum %d\n", (int)primes.size(), primes.back(),
		    std::accumulate(primes.begin(), primes.end(), 0));
	std::priority_queue<std::tuple<int, unsigned>> queue;
	for (unsigned i = 0; i < 1000; i++)
		queue.emplace(i * 7919 % 1009, i);
	unsigned long long digest = 0;
	for (; !queue.empty(); queue.pop())
		digest = digest * 31 + std::get<1>(queue.top());
	std::printf("%llx\n", digest);
	std::array<std::function<int(int)>, 3> functions{
		[](int x) { return x + 1; },
		[by = 10](int x) { return x * by; },
		std::function<int(int)>(std::negate<int>()),
	};
	int value = 1;
	for (auto &function : functions)
		value = value * 100 + function(value);
	std::printf("%d\n", value);
	auto shared = std::make_shared<Noted>("shared");
	std::weak_ptr<Noted> weak = shared;
	{
		auto other = shared;
		std::printf("%ld of them\n", weak.use_count());
	}
	shared.reset();
	std::printf("gone: %d\n", weak.expired());
}

// Exceptions, through frames of both sources that clean up.
static int thrower(int value)
{
	Noted here("thrower");
	if (value == 1)
		throw value;
	if (value == 2)
		throw Refused(20);
	if (value == 3)
		return std::optional<int>().value();
	if (value == 4)
		throw std::make_unique<int>(44);
	return value;
}

static int caught(int value)
try {
	return through_the_other(thrower, value);
} catch (int thrown) {
	return 100 + thrown;
} catch (std::unique_ptr<int> &thrown) {
	return 200 + *thrown;
} catch (const std::exception &error) {
	std::printf("%s\n", error.what());
	return 300;
}

struct Parts {
	Noted one{ "part one" };
	Noted two{ "part two" };
	explicit Parts(bool fail)
	{
		if (fail)
			throw 3; // one and two are destroyed
	}
};

static void exceptions()
{
	for (int value : { 0, 1, 2, 3, 4 })
		std::printf("= %d\n", caught(value));
	try {
		Parts parts(true);
	} catch (int value) {
		std::printf("no parts: %d\n", value);
	}
	try {
		try {
			thrower(2);
		} catch (...) {
			auto first = std::current_exception();
			try {
				thrower(1);
			} catch (int) {
				std::rethrow_exception(first);
			}
		}
	} catch (const Refused &refused) {
		std::printf("again: %d, uncaught %d\n", refused.code, std::uncaught_exceptions());
	}
	try {
		std::size_t much = ~(std::size_t)0 / 2;
		(void)!std::memset(::operator new(much), 0, 1);
	} catch (const std::bad_alloc &error) {
		std::printf("%s\n", error.what());
	}
	int sum = 0;
	for (int i = 0; i < 2000; i++) {
		try {
			sum += make_shape(i, 1)->area() > 2;
		} catch (const Refused &refused) {
			sum += refused.code % 7;
		}
	}
	std::printf("sum %d\n", sum);
}

int main()
{
	static Noted local("in main");
	shapes();
	templates();
	exceptions();
	Counter<int>::instance() += 1;
	int count = counted_elsewhere();
	std::printf("%d counted, %d\n", count, Counter<int>::instance());
	return 0;
}
