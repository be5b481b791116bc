/*
 * A plugin with a state: a sum, which lives as long as its instance does. It asks the host to keep it too, so that the
 * next instance goes on from there.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"
#include "rpc.h"

__asm__(".section .custom_section.rivulet,\"\",@\n.incbin \"ledger.json\"\n");

static size_t sum;
static bool is_loaded;

/* Asks for the sum of the instance before this one, once. False when the host fails. */
static bool load(void) {
    char kept[24];
    size_t number = 0;
    if (is_loaded) return true;
    if (!call_host("load", "null", kept, sizeof kept)) return false;
    json_whole_number(kept, &number); /* or null, if there is nothing yet */
    /* Another request may have been served meanwhile, which loaded the sum and changed it. */
    if (!is_loaded) sum = number;
    is_loaded = true;
    return true;
}

static void total(const char *id, const char *params) {
    (void)params;
    if (!load()) return fail(id, SERVER_ERROR, "can't load the sum");
    reply(id, "%zu", sum);
}

static void add(const char *id, const char *params) {
    size_t number;
    if (!json_whole_number(params, &number)) return fail(id, INVALID_PARAMS, "expected a whole number");
    if (!load()) return fail(id, SERVER_ERROR, "can't load the sum");
    sum += number;
    char text[24], ignored[24];
    snprintf(text, sizeof text, "%zu", sum);
    const size_t answer = sum;
    if (!call_host("save", text, ignored, sizeof ignored)) return fail(id, SERVER_ERROR, "can't save the sum");
    reply(id, "%zu", answer);
}

/* A bug, to see what becomes of the others. */
static void crash(const char *id, const char *params) {
    (void)id, (void)params;
    __builtin_trap();
}

static const struct method methods[] = {
    {"total", total},
    {"add", add},
    {"crash", crash},
};

int main(void) {
    return serve(methods, sizeof methods / sizeof *methods);
}
