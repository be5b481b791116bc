/*
 * A filter: copies stdin to stdout with ASCII letters in upper case.
 */
#include <stdio.h>
#include <unistd.h>

static char buffer[64 * 1024];

/* write() may take less than it is offered. */
static int write_all(const char *bytes, ssize_t length) {
    while (length > 0) {
        const ssize_t written = write(STDOUT_FILENO, bytes, (size_t)length);
        if (written < 0) return -1;
        bytes += written;
        length -= written;
    }
    return 0;
}

int main(void) {
    ssize_t length;
    while ((length = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (buffer[i] >= 'a' && buffer[i] <= 'z') buffer[i] -= 'a' - 'A';
        }
        if (write_all(buffer, length) != 0) break;
    }
    if (length != 0) {
        perror("upper");
        return 1;
    }
    return 0;
}
