// Multiplication of 64 bits: the FNV-1a hash of `size` bytes.

__attribute__((export_name("run"))) int run(int size) {
  static unsigned char bytes[4096];
  for (int i = 0; i < 4096; i++) bytes[i] = (unsigned char)(i * 7);
  unsigned long long hash = 0xcbf29ce484222325ull;
  for (int i = 0; i < size; i++) hash = (hash ^ bytes[i & 4095]) * 0x100000001b3ull;
  return (int)(hash ^ hash >> 32);
}
