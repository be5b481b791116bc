// A state machine over text: counts words, numbers and lines in 64 KiB, `size` times.

#define LENGTH 65536

static char text[LENGTH];

static void fill(void) {
  unsigned state = 1;
  for (int i = 0; i < LENGTH; i++) {
    state = state * 1103515245u + 12345u;
    unsigned pick = state >> 16 & 31;
    text[i] = pick < 20 ? (char)('a' + pick) : pick < 25 ? (char)('0' + pick - 20) : pick < 30 ? ' ' : '\n';
  }
}

__attribute__((export_name("run"))) int run(int size) {
  fill();
  int words = 0, numbers = 0, lines = 0;
  for (int n = 0; n < size; n++) {
    enum { SPACE, WORD, NUMBER } state = SPACE;
    for (int i = 0; i < LENGTH; i++) {
      char c = text[i];
      if (c == '\n') lines++;
      if (c == ' ' || c == '\n') {
        state = SPACE;
      } else if (state == SPACE) {
        if (c >= '0' && c <= '9') state = NUMBER, numbers++;
        else state = WORD, words++;
      } else if (state == NUMBER && c >= 'a') {
        state = WORD;
        numbers--;
        words++;
      }
    }
  }
  return words * 31 + numbers * 7 + lines;
}
