/*
 * A Rivulet plugin in C: one function a method. The protocol is in rpc.c, the JSON reader in json.c.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "rpc.h"

/* What the host knows of this plugin without running it: its manifest, in a custom section of the module. */
__asm__(".section .custom_section.rivulet,\"\",@\n.incbin \"manifest.json\"\n");

static void ping(const char *id, const char *params) {
    (void)params;
    reply(id, "\"pong\"");
}

static void get_random_number(const char *id, const char *params) {
    (void)params;
    uint64_t number;
    if (getentropy(&number, sizeof number) != 0) return fail(id, SERVER_ERROR, "no randomness");
    reply(id, "%" PRIu64, number);
}

static void get_time(const char *id, const char *params) {
    (void)params;
    reply(id, "%lld", (long long)time(NULL));
}

static void sleep_for(const char *id, const char *params) {
    size_t milliseconds;
    if (!json_whole_number(params, &milliseconds)) return fail(id, INVALID_PARAMS, "expected milliseconds");
    const struct timespec duration = {
        .tv_sec = (time_t)(milliseconds / 1000),
        .tv_nsec = (long)(milliseconds % 1000) * 1000000,
    };
    nanosleep(&duration, NULL);
    reply(id, "null");
}

static void many_echo(const char *id, const char *params) {
    size_t count;
    if (!json_whole_number(params, &count)) return fail(id, INVALID_PARAMS, "expected a count");
    for (size_t i = 0; i < count; i++) {
        char sent[24], received[24];
        snprintf(sent, sizeof sent, "%zu", i);
        if (!call_host("echo", sent, received, sizeof received)) return fail(id, SERVER_ERROR, "echo failed");
        if (strcmp(sent, received) != 0) return fail(id, SERVER_ERROR, "echo came back changed");
    }
    reply(id, "null");
}

static void prime_sieve(const char *id, const char *params) {
    size_t limit;
    if (!json_whole_number(params, &limit)) return fail(id, INVALID_PARAMS, "expected a limit");
    char *composite = limit < SIZE_MAX ? calloc(limit + 1, 1) : NULL;
    if (!composite) return fail(id, SERVER_ERROR, "not enough memory for this limit");

    size_t count = 0;
    for (size_t number = 2; number <= limit; number++) {
        if (composite[number]) continue;
        count++;
        /* Smaller multiples have a smaller prime factor, which crossed them out. */
        if (number > limit / number) continue;
        for (size_t multiple = number * number; multiple <= limit; multiple += number) composite[multiple] = 1;
    }
    free(composite);
    reply(id, "{\"count\":%zu,\"limit\":%zu}", count, limit);
}

static const struct method methods[] = {
    {"ping", ping},
    {"get_random_number", get_random_number},
    {"get_time", get_time},
    {"sleep", sleep_for},
    {"many_echo", many_echo},
    {"prime_sieve", prime_sieve},
};

int main(void) {
    return serve(methods, sizeof methods / sizeof *methods);
}
