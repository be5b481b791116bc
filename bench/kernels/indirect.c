// Calls through a table: an interpreter with eight operations executes `size` of them.

typedef int (*operation)(int accumulator, int argument);

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static int multiply(int a, int b) { return a * (b | 1); }
static int mix(int a, int b) { return a ^ b << 3; }
static int shift(int a, int b) { return (int)((unsigned)a >> (b & 7)) + b; }
static int choose(int a, int b) { return a > b ? a - b : a + b; }
static int negate(int a, int b) { return b - ~a; }
static int mask(int a, int b) { return (a & 0xffff) + b; }

static const operation operations[] = {add, subtract, multiply, mix, shift, choose, negate, mask};

__attribute__((export_name("run"))) int run(int size) {
  static unsigned char program[16];
  for (int i = 0; i < 16; i++) program[i] = (unsigned char)(i * 5 + 3);
  int accumulator = 1;
  for (int i = 0; i < size; i++) accumulator = operations[program[i & 15] & 7](accumulator, i);
  return accumulator;
}
