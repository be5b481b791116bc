/*
 * A language server, as editors start them: messages behind Content-Length headers instead of one a line, and all it knows
 * is to mark a word, TODO if the editor has no other. It shows a guest that frames its messages so, in one file; json.h
 * reads them.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define MESSAGE_SIZE (256 * 1024)
#define WORD_SIZE 32
#define MAX_MARKS 100

static char message[MESSAGE_SIZE + 1];
static char word[WORD_SIZE] = "TODO";
static bool was_shut_down, is_configured;
/* The message that opened a document before we knew what to look for. */
static char waiting[MESSAGE_SIZE + 1];

/* Sends what printf would print. */
__attribute__((format(printf, 1, 2))) static void send(const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    printf("Content-Length: %d\r\n\r\n", vsnprintf(NULL, 0, format, again));
    vprintf(format, arguments);
    fflush(stdout);
    va_end(again);
    va_end(arguments);
}

/* Reads a message's headers and body. False at the end of stdin, or when the message does not fit. */
static bool receive(void) {
    char header[128];
    size_t length = 0;
    while (fgets(header, sizeof header, stdin) && strcmp(header, "\r\n") != 0) {
        if (strncmp(header, "Content-Length: ", 16) == 0) length = strtoul(header + 16, NULL, 10);
    }
    if (length == 0 || length > MESSAGE_SIZE || fread(message, 1, length, stdin) != length) return false;
    message[length] = '\0';
    return json_valid(message, length);
}

static void reply(const char *id, const char *result) {
    send("{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":%s}", (int)json_length(id), id, result);
}

static void fail(const char *id, int code, const char *text) {
    send("{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"error\":{\"code\":%d,\"message\":\"%s\"}}", (int)json_length(id), id, code, text);
}

/* Steps over a character of a JSON string, an escape being one; returns how many UTF-16 units it is, as editors count. */
static int step(const char **at) {
    const unsigned char first = (unsigned char)**at;
    const int units = first >= 0xf0 ? 2 : 1;
    *at += first != '\\' ? 1 : (*at)[1] == 'u' ? 6 : 2;
    while (((unsigned char)**at & 0xc0) == 0x80) ++*at;
    return units;
}

/* Publishes where the word is in a document that was opened. */
static void check_document(const char *params) {
    const char *document = params ? json_member(params, "textDocument") : NULL;
    const char *uri = document ? json_member(document, "uri") : NULL;
    const char *text = document ? json_member(document, "text") : NULL;
    if (!uri || *uri != '"' || !text || *text != '"') return;

    static char marks[MAX_MARKS * 256];
    size_t used = 0, line = 0, character = 0, count = 0;
    const char *const end = text + json_length(text) - 1;
    for (const char *at = text + 1; at < end && count < MAX_MARKS;) {
        if (strncmp(at, word, strlen(word)) == 0) {
            used += (size_t)snprintf(
                marks + used, sizeof marks - used,
                "%s{\"range\":{\"start\":{\"line\":%zu,\"character\":%zu},\"end\":{\"line\":%zu,\"character\":%zu}},"
                "\"severity\":3,\"message\":\"%s\"}",
                count++ > 0 ? "," : "", line, character, line, character + strlen(word), word);
        }
        const bool is_line_end = strncmp(at, "\\n", 2) == 0;
        const int units = step(&at);
        line += is_line_end;
        character = is_line_end ? 0 : character + (size_t)units;
    }
    send("{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\","
         "\"params\":{\"uri\":%.*s,\"diagnostics\":[%.*s]}}",
         (int)json_length(uri), uri, (int)used, marks);
}

/* Takes the answer to our one request: the word to look for, as a list of one string. */
static void take_configuration(const char *result) {
    if (!result || result[0] != '[' || result[1] != '"') return;
    const size_t length = json_length(result + 1) - 2;
    if (length == 0 || length >= sizeof word) return;
    memcpy(word, result + 2, length);
    word[length] = '\0';
}

static void handle_answer(const char *result) {
    is_configured = true;
    take_configuration(result);
    if (*waiting) check_document(json_member(waiting, "params"));
    *waiting = '\0';
}

static void handle(const char *method, const char *id, const char *params) {
    if (json_is(method, "exit")) exit(was_shut_down ? 0 : 1);
    if (json_is(method, "initialized")) {
        send("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"workspace/configuration\","
             "\"params\":{\"items\":[{\"section\":\"todo.word\"}]}}");
    } else if (json_is(method, "textDocument/didOpen")) {
        if (is_configured) check_document(params);
        else strcpy(waiting, message);
    } else if (id && json_is(method, "initialize")) {
        reply(id, "{\"capabilities\":{\"textDocumentSync\":1},\"serverInfo\":{\"name\":\"todo\"}}");
    } else if (id && json_is(method, "shutdown")) {
        was_shut_down = true;
        reply(id, "null");
    } else if (id) {
        fail(id, -32601, "method not found");
    }
}

int main(void) {
    while (receive()) {
        const char *method = json_member(message, "method");
        if (method) handle(method, json_member(message, "id"), json_member(message, "params"));
        else handle_answer(json_member(message, "result"));
    }
    return 1; /* an editor sends `exit` first */
}
