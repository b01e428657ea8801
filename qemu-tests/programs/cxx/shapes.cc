// The other source: shapes that the first knows by their base alone.
#include "shapes.h"

static Noted first("shapes.cc, first");

// Made by a constructor that runs before main.
const std::vector<int> primes = [] {
	std::vector<int> found;
	for (int n = 2; found.size() < 200; n++) {
		bool prime = true;
		for (int p : found)
			if (p * p > n)
				break;
			else if (n % p == 0) {
				prime = false;
				break;
			}
		if (prime)
			found.push_back(n);
	}
	return found;
}();

static Noted second("shapes.cc, second");

namespace {
struct Circle : Named {
	double radius;
	Circle(int n, double r) : Named(n), radius(r) {}
	double area() const override { return 3.140625 * radius * radius; }
	const char *name() const override { return "circle"; }
	std::unique_ptr<Shape> twice() const override { return std::make_unique<Circle>(number, radius * 2); }
};
} // namespace

std::unique_ptr<Shape> make_shape(int kind, double size)
{
	switch (kind % 3) {
	case 0: return std::make_unique<Circle>(kind, size);
	case 1: return std::make_unique<Square>(kind, size);
	default: throw Refused(kind);
	}
}

int through_the_other(const std::function<int(int)> &function, int value)
{
	Noted here("through");
	return function(value) + 1;
}

int counted_elsewhere()
{
	Counter<int>::instance() += 10;
	return Counter<int>::count;
}
