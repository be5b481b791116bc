// Bytes in memory: counts the primes below `size`, at most a million.

#define LIMIT 1000000

static unsigned char composite[LIMIT];

__attribute__((export_name("run"))) int run(int size) {
  if (size > LIMIT) size = LIMIT;
  for (int i = 0; i < size; i++) composite[i] = 0;
  int count = 0;
  for (int i = 2; i < size; i++) {
    if (composite[i]) continue;
    count++;
    for (int j = i + i; j < size; j += i) composite[j] = 1;
  }
  return count;
}
