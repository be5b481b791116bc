// Floating point: iterations of the Mandelbrot set on a square of `size` points a side.

__attribute__((export_name("run"))) int run(int size) {
  int total = 0;
  for (int py = 0; py < size; py++) {
    for (int px = 0; px < size; px++) {
      double x0 = 3.0 * px / size - 2.0, y0 = 2.0 * py / size - 1.0;
      double x = 0, y = 0;
      int i = 0;
      for (; i < 200 && x * x + y * y <= 4.0; i++) {
        double next = x * x - y * y + x0;
        y = 2 * x * y + y0;
        x = next;
      }
      total += i;
    }
  }
  return total;
}
