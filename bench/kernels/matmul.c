// Loads and stores of doubles: the product of two square matrices of `size` rows, at most 256.

#define LIMIT 256

static double a[LIMIT][LIMIT], b[LIMIT][LIMIT], c[LIMIT][LIMIT];

__attribute__((export_name("run"))) int run(int size) {
  if (size > LIMIT) size = LIMIT;
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) a[i][j] = i + j, b[i][j] = i - 2 * j;
  }
  double trace = 0;
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      double sum = 0;
      for (int k = 0; k < size; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
    trace += c[i][i];
  }
  return (int)(long long)trace;
}
