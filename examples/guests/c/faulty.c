/*
 * A plugin that misbehaves on request, to show and to test what a host does about it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "rpc.h"

static void echo(const char *id, const char *params) {
    reply(id, "%.*s", (int)json_length(params), params);
}

/* Writes a string to stderr, its escapes as they came. */
static void log_text(const char *id, const char *params) {
    if (*params != '"') return fail(id, INVALID_PARAMS, "expected a string");
    fprintf(stderr, "%.*s\n", (int)json_length(params) - 2, params + 1);
    reply(id, "null");
}

static void exit_with(const char *id, const char *params) {
    size_t code;
    if (!json_whole_number(params, &code)) return fail(id, INVALID_PARAMS, "expected an exit code");
    exit((int)code);
}

static void spin(const char *id, const char *params) {
    (void)id, (void)params;
    for (volatile unsigned turns = 0;; turns++) {
    }
}

/* Answers and then keeps running. */
static void linger(const char *id, const char *params) {
    reply(id, "null");
    spin(id, params);
}

/* Three functions that the compiler must keep apart, so that the stack of the trap names all of them. */
__attribute__((noinline)) static void check_digit(const char *digit) {
    if (*digit != '\0') __builtin_trap();
}

__attribute__((noinline)) static void read_number(const char *text) {
    check_digit(text + 1);
}

__attribute__((noinline)) static void parse_order(const char *order) {
    read_number(order + 1);
}

static void trap(const char *id, const char *params) {
    (void)params;
    parse_order("no order");
    reply(id, "null");
}

/* Takes memory, 16 pages or one MiB at a time, until the host refuses; answers how many MiB it got. */
static void hoard(const char *id, const char *params) {
    (void)params;
    size_t mebibytes = 0;
    while (__builtin_wasm_memory_grow(0, 16) != SIZE_MAX) mebibytes++;
    reply(id, "%zu", mebibytes);
}

/* Writes a line that is not JSON. */
static void babble(const char *id, const char *params) {
    (void)id, (void)params;
    puts("this is not JSON");
    fflush(stdout);
}

/* Writes a reply with a string of so many bytes. */
static void flood(const char *id, const char *params) {
    size_t bytes;
    if (!json_whole_number(params, &bytes)) return fail(id, INVALID_PARAMS, "expected a number of bytes");
    printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":\"", id);
    while (bytes-- > 0) putchar('x');
    puts("\"}");
    fflush(stdout);
}

/* Writes a reply with a list in a list in a list, so many deep. */
static void nest(const char *id, const char *params) {
    size_t depth;
    if (!json_whole_number(params, &depth)) return fail(id, INVALID_PARAMS, "expected a depth");
    printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", id);
    for (size_t i = 0; i < depth; i++) putchar('[');
    for (size_t i = 0; i < depth; i++) putchar(']');
    puts("}");
    fflush(stdout);
}

static const struct method methods[] = {
    {"echo", echo},
    {"log", log_text},
    {"exit", exit_with},
    {"spin", spin},
    {"linger", linger},
    {"trap", trap},
    {"hoard", hoard},
    {"babble", babble},
    {"flood", flood},
    {"nest", nest},
};

int main(void) {
    return serve(methods, sizeof methods / sizeof *methods);
}
