// Unpredictable branches and recursion: sorts `size` pseudo-random words, at most 262,144.

#define LIMIT 262144

static unsigned values[LIMIT];

static void sort(unsigned *low, unsigned *high) {
  while (low < high) {
    unsigned pivot = low[(high - low) / 2];
    unsigned *left = low, *right = high;
    while (left <= right) {
      while (*left < pivot) left++;
      while (pivot < *right) right--;
      if (left > right) break;
      unsigned value = *left;
      *left++ = *right;
      *right-- = value;
    }
    sort(low, right);
    low = left;
  }
}

__attribute__((export_name("run"))) int run(int size) {
  if (size > LIMIT) size = LIMIT;
  unsigned state = 12345;
  for (int i = 0; i < size; i++) values[i] = state = state * 1664525u + 1013904223u;
  sort(values, values + size - 1);
  unsigned sum = 0;
  for (int i = 0; i < size; i++) sum = sum * 31 + values[i];
  return (int)sum;
}
