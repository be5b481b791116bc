#include "rpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* A call to the host that waits for its reply. A request served meanwhile may call too, so calls nest: a list. */
struct call {
    struct call *outer;
    size_t id;
    bool answered, succeeded;
    char *result;
    size_t size;
};

static const struct method *methods;
static size_t method_count;
static struct call *innermost_call;
static char line[LINE_BYTES + 1];

/* A request without an id is a notification, which gets no answer; here its id is the empty string. */
static bool wants_answer(const char *id) {
    return *id != '\0';
}

void reply(const char *id, const char *format, ...) {
    if (!wants_answer(id)) return;
    va_list arguments;
    va_start(arguments, format);
    printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":", id);
    vprintf(format, arguments);
    printf("}\n");
    fflush(stdout); /* or the host would wait for a message that sits in our buffer */
    va_end(arguments);
}

void fail(const char *id, enum error_code code, const char *message) {
    if (!wants_answer(id)) return;
    printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":\"%s\"}}\n", id, code, message);
    fflush(stdout);
}

static void refuse_line(void) {
    printf("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,\"message\":\"line longer than %d bytes\","
           "\"data\":{\"limit\":\"lineBytes\",\"value\":%d}}}\n",
           INVALID_REQUEST, LINE_BYTES, LINE_BYTES);
    fflush(stdout);
}

static void handle_request(const char *id, const char *method, const char *params) {
    /* A copy, because the next line that is read overwrites the original. */
    char own_id[64] = "";
    if (id) {
        const size_t length = json_length(id);
        if (length >= sizeof own_id || *id == '{' || *id == '[') return fail("null", INVALID_REQUEST, "bad id");
        memcpy(own_id, id, length);
    }

    if (!id && strncmp(method, "\"$/", 3) == 0) return;
    fprintf(stderr, "serving %.*s\n", (int)json_length(method), method);
    for (size_t i = 0; i < method_count; i++) {
        if (json_is(method, methods[i].name)) return methods[i].run(own_id, params ? params : "null");
    }
    fail(own_id, METHOD_NOT_FOUND, "method not found");
}

static void handle_reply(const char *id, const char *result) {
    struct call *call = innermost_call;
    size_t number;
    if (!json_whole_number(id, &number)) call = NULL;
    while (call && (call->id != number || call->answered)) call = call->outer;
    if (!call) {
        fprintf(stderr, "ignored a reply to no call of ours\n");
        return;
    }
    const size_t length = result ? json_length(result) : 0;
    call->answered = true;
    call->succeeded = result && length < call->size;
    if (call->succeeded) {
        memcpy(call->result, result, length);
        call->result[length] = '\0';
    }
}

/* Reads a line, without its newline. Returns its length, LINE_BYTES + 1 when it is longer, -1 at the end of stdin. */
static int read_line(void) {
    int length = 0, c;
    while ((c = getchar()) != EOF && c != '\n') {
        if (length < LINE_BYTES) line[length] = (char)c;
        if (length <= LINE_BYTES) length++;
    }
    if (length <= LINE_BYTES) line[length] = '\0';
    return c == EOF && length == 0 ? -1 : length;
}

static void handle_message(const char *message) {
    const char *id = json_member(message, "id");
    const char *method = json_member(message, "method");
    const char *result = json_member(message, "result");
    if (method && *method == '"') {
        handle_request(id, method, json_member(message, "params"));
    } else if (id && (result || json_member(message, "error"))) {
        handle_reply(id, result);
    } else {
        fail("null", INVALID_REQUEST, "neither a request nor a reply");
    }
}

/* Reads one line and acts on it. False at the end of stdin. */
static bool receive(void) {
    const int length = read_line();
    if (length < 0) return false;
    if (length > LINE_BYTES) {
        refuse_line();
    } else if (!json_valid(line, (size_t)length)) {
        fail("null", PARSE_ERROR, "parse error");
    } else {
        handle_message(line);
    }
    return true;
}

int serve(const struct method *table, size_t count) {
    methods = table;
    method_count = count;
    while (receive()) {
    }
    return 0;
}

bool call_host(const char *method, const char *params, char *result, size_t size) {
    static size_t next_id;
    struct call call = {.outer = innermost_call, .id = next_id++, .result = result, .size = size};
    innermost_call = &call;

    printf("{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"%s\",\"params\":%s}\n", call.id, method, params);
    fflush(stdout);
    while (!call.answered) {
        if (!receive()) {
            fprintf(stderr, "stdin ended during a call to the host\n");
            exit(EXIT_FAILURE);
        }
    }

    innermost_call = call.outer;
    return call.succeeded;
}
