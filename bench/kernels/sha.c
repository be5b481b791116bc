// Rotations and additions of 32 bits: SHA-256's compression of `size` blocks, each made from the digest before it. The
// constants are computed: fractions of the square and cube roots of the first primes.

typedef unsigned int u32;

static u32 constants[64];
static u32 digest[8];

// The first 32 bits of the fraction of a root, by bisection.
static u32 root_fraction(int prime, int power) {
  double low = 1, high = 32;
  for (int i = 0; i < 80; i++) {
    double middle = (low + high) / 2;
    double product = power == 2 ? middle * middle : middle * middle * middle;
    if (product <= prime) low = middle;
    else high = middle;
  }
  double fraction = low - (int)low;
  return (u32)(fraction * 4294967296.0);
}

static void prepare(void) {
  int found = 0;
  for (int n = 2; found < 64; n++) {
    int is_prime = 1;
    for (int d = 2; d * d <= n; d++) {
      if (n % d == 0) is_prime = 0;
    }
    if (!is_prime) continue;
    if (found < 8) digest[found] = root_fraction(n, 2);
    constants[found++] = root_fraction(n, 3);
  }
}

static inline u32 rotate(u32 x, int n) { return x >> n | x << (32 - n); }

static void compress(const u32 *block) {
  u32 w[64];
  for (int i = 0; i < 16; i++) w[i] = block[i];
  for (int i = 16; i < 64; i++) {
    u32 s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    u32 s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  u32 a = digest[0], b = digest[1], c = digest[2], d = digest[3];
  u32 e = digest[4], f = digest[5], g = digest[6], h = digest[7];
  for (int i = 0; i < 64; i++) {
    u32 t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + w[i];
    u32 t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  digest[0] += a, digest[1] += b, digest[2] += c, digest[3] += d;
  digest[4] += e, digest[5] += f, digest[6] += g, digest[7] += h;
}

__attribute__((export_name("run"))) int run(int size) {
  prepare();
  u32 block[16];
  for (int n = 0; n < size; n++) {
    for (int i = 0; i < 16; i++) block[i] = digest[i & 7] + i + n;
    compress(block);
  }
  return (int)digest[0];
}
