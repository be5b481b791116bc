/*
 * JSON-RPC 2.0 over stdin and stdout, one message a line. Write one function a method, list them in an array, and let
 * main() return serve(methods, count). Messages are bounded; batches are refused.
 */
#ifndef RPC_H
#define RPC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A longer line is answered with INVALID_REQUEST and forgotten. The error's data name the limit, as the host's own errors
 * do: {"limit":"lineBytes","value":65535}.
 */
#define LINE_BYTES (64 * 1024 - 1)

enum error_code {
    PARSE_ERROR = -32700,
    INVALID_REQUEST = -32600,
    METHOD_NOT_FOUND = -32601,
    INVALID_PARAMS = -32602,
    SERVER_ERROR = -32000,
};

/*
 * A method gets the request's id, which it passes to reply() or fail(), and its params as JSON text ("null" when there
 * were none). The next line that is read overwrites the params: use them before call_host().
 */
struct method {
    const char *name;
    void (*run)(const char *id, const char *params);
};

/*
 * Serves requests until the end of stdin; returns the exit code. Notifications whose name begins with "$/", such as
 * $/cancelRequest, are ignored: they are for programs that can do two things at once.
 */
int serve(const struct method *methods, size_t count);

/* Answers a request. `format` and what follows are printf's, and print the result as JSON text. */
__attribute__((format(printf, 2, 3))) void reply(const char *id, const char *format, ...);

/* Answers a request with an error. `message` must need no escapes. */
void fail(const char *id, enum error_code code, const char *message);

/*
 * Calls a method of the host and waits for its reply; requests that come meanwhile are served first. The result is
 * stored as JSON text. False when the host answered with an error or the result does not fit.
 */
bool call_host(const char *method, const char *params, char *result, size_t size);

#endif
