// Calls: the Fibonacci number of `size` by its definition.

static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

__attribute__((export_name("run"))) int run(int size) { return fib(size); }
