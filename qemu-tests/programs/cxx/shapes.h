// What the two sources share: an abstract base, virtual inheritance, inline statics, templates.
#pragma once
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <vector>

// Told of in the order in which they come and go.
struct Noted {
	const char *name;
	explicit Noted(const char *n) : name(n) { std::printf("+%s\n", name); }
	~Noted() { std::printf("-%s\n", name); }
	Noted(const Noted &) = delete;
};

struct Shape {
	virtual ~Shape() = default;
	virtual double area() const = 0;
	virtual const char *name() const { return "shape"; }
	virtual std::unique_ptr<Shape> twice() const = 0;
};

struct Named : virtual Shape {
	int number;
	explicit Named(int n) : number(n) {}
};

struct Coloured : virtual Shape {
	unsigned colour = 0xff0000;
	virtual unsigned shade(unsigned by) const { return colour >> by; }
};

struct Square final : Named, Coloured {
	double side;
	Square(int n, double s) : Named(n), side(s) {}
	double area() const override { return side * side; }
	const char *name() const override { return "square"; }
	unsigned shade(unsigned by) const override { return Coloured::shade(by) + 1; }
	std::unique_ptr<Shape> twice() const override { return std::make_unique<Square>(number, side * 2); }
};

std::unique_ptr<Shape> make_shape(int kind, double size);

// One in the program, whichever source has it: vague linkage.
template <typename T> struct Counter {
	static inline int count = 0;
	static T &instance() {
		static T value{};
		count++;
		return value;
	}
};

struct Refused : std::exception {
	int code;
	explicit Refused(int c) : code(c) {}
	const char *what() const noexcept override { return "refused"; }
};

int through_the_other(const std::function<int(int)> &function, int value);
int counted_elsewhere();
extern const std::vector<int> primes;
