// A filter that changes nothing: what a stream costs by itself.

#include <unistd.h>

static char buffer[64 * 1024];

int main(void) {
  ssize_t length;
  while ((length = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    for (ssize_t at = 0; at < length;) {
      const ssize_t written = write(STDOUT_FILENO, buffer + at, (size_t)(length - at));
      if (written < 0) return 1;
      at += written;
    }
  }
  return length != 0;
}
