/*
 * A plugin that takes and makes bytes and streams. The wire format is in src/README.md, "Bytes and streams".
 *
 * It never waits inside a method: a stream is an entry of a table, and each message of the host moves one entry on.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

__asm__(".section .custom_section.rivulet,\"\",@\n.incbin \"streams.json\"\n");

#define LINE_SIZE (64 * 1024)
#define MAX_STREAMS 8

enum { INVALID_REQUEST = -32600, METHOD_NOT_FOUND = -32601, INVALID_PARAMS = -32602, SERVER_ERROR = -32000 };

/* A stream that we write, and the one that we read for it, if there is one. */
struct stream {
    const char *kind;   /* as it was passed: "readable" by us, "writable" by the host; NULL when the entry is free */
    size_t id;
    long long credit;
    size_t left;        /* numbers that are still to be sent */
    bool reads;         /* whether the chunks come from the readable `input` of the host */
    size_t input;
    bool is_granted;
    char request[64];   /* the id of the request that is answered at the end, or "" */
};

static struct stream streams[MAX_STREAMS];
static size_t next_id;
static char line[LINE_SIZE];
static unsigned char bytes[LINE_SIZE];
static char text[LINE_SIZE * 2];

/* ---- base64 ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Decodes a JSON string of base64 into `bytes`. Returns how many, or -1 when it is not base64. */
static long decode(const char *json) {
    if (!json || *json != '"') return -1;
    const size_t length = json_length(json) - 2;
    if (length % 4 != 0) return -1;
    static signed char values[256];
    if (values['B'] == 0) {
        memset(values, -1, sizeof values);
        for (int i = 0; i < 64; i++) values[(unsigned char)digits[i]] = (signed char)i;
    }
    size_t end = 0;
    for (size_t i = 0; i < length; i += 4) {
        const char *four = json + 1 + i;
        const bool is_last = i + 4 == length;
        const int padding = is_last && four[3] == '=' ? (four[2] == '=' ? 2 : 1) : 0;
        uint32_t group = 0;
        for (int k = 0; k < 4; k++) {
            const int value = k >= 4 - padding ? 0 : values[(unsigned char)four[k]];
            if (value < 0) return -1;
            group = group << 6 | (uint32_t)value;
        }
        for (int k = 0; k < 3 - padding; k++) bytes[end++] = (unsigned char)(group >> (16 - 8 * k));
    }
    return (long)end;
}

/* Writes so many of `bytes` as a tagged value into `text`. */
static void encode(size_t count) {
    char *out = text + sprintf(text, "{\"$bytes\":\"");
    for (size_t i = 0; i < count; i += 3) {
        const uint32_t second = i + 1 < count ? bytes[i + 1] : 0, third = i + 2 < count ? bytes[i + 2] : 0;
        const uint32_t group = (uint32_t)bytes[i] << 16 | second << 8 | third;
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = i + 1 < count ? digits[group >> 6 & 63] : '=';
        *out++ = i + 2 < count ? digits[group & 63] : '=';
    }
    strcpy(out, "\"}");
}

/* ---- messages ---- */

static void answer(const char *id, const char *result) {
    printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\n", id, result);
}

static void fail(const char *id, int code, const char *message) {
    printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":%d,\"message\":\"%s\"}}\n", id, code, message);
}

/* Sends a chunk, and pays for it with the bytes of the message, without its newline. */
static void send_chunk(struct stream *stream, const char *value) {
    stream->credit -= printf("{\"jsonrpc\":\"2.0\",\"method\":\"$/stream/chunk\",\"params\":{\"%s\":%zu,\"value\":%s}}",
                             stream->kind, stream->id, value);
    putchar('\n');
}

static void send_end(struct stream *stream, const char *error) {
    printf("{\"jsonrpc\":\"2.0\",\"method\":\"$/stream/end\",\"params\":{\"%s\":%zu%s%.*s}}\n", stream->kind, stream->id,
           error ? ",\"error\":" : "", error ? (int)json_length(error) : 0, error ? error : "");
    if (*stream->request) answer(stream->request, "\"filled\"");
    stream->kind = NULL;
}

static void grant(const struct stream *stream, size_t count) {
    printf("{\"jsonrpc\":\"2.0\",\"method\":\"$/stream/credit\",\"params\":{\"readable\":%zu,\"bytes\":%zu}}\n",
           stream->input, count);
}

/* ---- streams ---- */

static struct stream *add_stream(const char *kind, size_t id) {
    for (struct stream *stream = streams; stream < streams + MAX_STREAMS; stream++) {
        if (stream->kind) continue;
        *stream = (struct stream){.kind = kind, .id = id};
        return stream;
    }
    return NULL;
}

/* The stream that a message of the sink names, as it was passed. */
static struct stream *find_output(const char *params) {
    for (struct stream *stream = streams; stream < streams + MAX_STREAMS; stream++) {
        size_t id;
        const char *member = stream->kind ? json_member(params, stream->kind) : NULL;
        if (member && json_whole_number(member, &id) && id == stream->id) return stream;
    }
    return NULL;
}

/* The stream whose chunks come from the readable that a message of the source names. */
static struct stream *find_input(const char *params) {
    size_t id;
    const char *member = json_member(params, "readable");
    if (!member || !json_whole_number(member, &id)) return NULL;
    for (struct stream *stream = streams; stream < streams + MAX_STREAMS; stream++) {
        if (stream->kind && stream->reads && stream->input == id) return stream;
    }
    return NULL;
}

/* Does what the credit allows. */
static void move(struct stream *stream) {
    if (stream->reads) {
        /* A credit of one byte is one chunk, which can then be passed on at once. */
        if (stream->credit > 0 && !stream->is_granted) {
            stream->is_granted = true;
            grant(stream, 1);
        }
        return;
    }
    while (stream->credit > 0 && stream->left > 0) {
        char number[24];
        snprintf(number, sizeof number, "%zu", --stream->left);
        send_chunk(stream, number);
    }
    if (stream->left == 0) send_end(stream, NULL);
}

/* Passes a chunk on in upper case: a string, or bytes. */
static void pass_on(struct stream *stream, const char *value, size_t message_size) {
    const long count = decode(json_member(value, "$bytes"));
    if (count >= 0) {
        for (long i = 0; i < count; i++) bytes[i] = (unsigned char)toupper(bytes[i]);
        encode((size_t)count);
    } else {
        const size_t length = json_length(value);
        for (size_t i = 0; i < length; i++) {
            text[i] = (char)toupper((unsigned char)value[i]);
            if (value[i] != '\\') continue;
            text[i] = value[i]; /* an escape stays as it is */
            i++;
            text[i] = value[i];
        }
        text[length] = '\0';
    }
    send_chunk(stream, text);
    /* What it has paid beyond the byte that it had. */
    if (message_size > 1) grant(stream, message_size - 1);
    stream->is_granted = false;
    move(stream);
}

static void handle_stream(const char *method, const char *params, size_t message_size) {
    struct stream *output = find_output(params), *input = find_input(params);
    size_t count;
    if (json_is(method, "$/stream/credit") && output) {
        const char *member = json_member(params, "bytes");
        if (member && json_whole_number(member, &count)) output->credit += (long long)count;
        move(output);
    } else if (json_is(method, "$/stream/cancel") && output) {
        if (output->reads) {
            printf("{\"jsonrpc\":\"2.0\",\"method\":\"$/stream/cancel\",\"params\":{\"readable\":%zu}}\n", output->input);
        }
        if (*output->request) fail(output->request, SERVER_ERROR, "the host cancelled the stream");
        output->kind = NULL;
    } else if (json_is(method, "$/stream/chunk") && input) {
        const char *value = json_member(params, "value");
        if (value) pass_on(input, value, message_size);
    } else if (json_is(method, "$/stream/end") && input) {
        send_end(input, json_member(params, "error"));
    }
}

/* ---- methods ---- */

static void upper(const char *id, const char *params) {
    size_t input;
    const char *tag = json_member(params, "$readable");
    if (!tag || !json_whole_number(tag, &input)) return fail(id, INVALID_PARAMS, "expected a readable stream");
    struct stream *stream = add_stream("readable", next_id);
    if (!stream) return fail(id, SERVER_ERROR, "too many streams");
    stream->reads = true;
    stream->input = input;
    snprintf(text, sizeof text, "{\"$readable\":%zu}", next_id++);
    answer(id, text);
}

static void count_down(const char *id, const char *params) {
    size_t count;
    if (!json_whole_number(params, &count)) return fail(id, INVALID_PARAMS, "expected a count");
    struct stream *stream = add_stream("readable", next_id);
    if (!stream) return fail(id, SERVER_ERROR, "too many streams");
    stream->left = count;
    snprintf(text, sizeof text, "{\"$readable\":%zu}", next_id++);
    answer(id, text);
}

static void fill(const char *id, const char *params) {
    size_t output, count;
    const char *tag = json_member(params, "out"), *number = json_member(params, "count");
    tag = tag ? json_member(tag, "$writable") : NULL;
    if (!tag || !number || !json_whole_number(tag, &output) || !json_whole_number(number, &count)) {
        return fail(id, INVALID_PARAMS, "expected a writable stream and a count");
    }
    struct stream *stream = add_stream("writable", output);
    if (!stream || strlen(id) >= sizeof stream->request) return fail(id, SERVER_ERROR, "too many streams");
    stream->left = count;
    strcpy(stream->request, id);
}

static void handle_request(const char *id, const char *method, const char *params) {
    if (json_is(method, "upper")) return upper(id, params);
    if (json_is(method, "count")) return count_down(id, params);
    if (json_is(method, "fill")) return fill(id, params);
    const bool inverts = json_is(method, "invert");
    if (!inverts && !json_is(method, "size")) return fail(id, METHOD_NOT_FOUND, "method not found");
    const long count = decode(json_member(params, "$bytes"));
    if (count < 0) return fail(id, INVALID_PARAMS, "expected bytes");
    for (long i = 0; i < count; i++) bytes[i] = (unsigned char)~bytes[i];
    if (inverts) encode((size_t)count);
    else snprintf(text, sizeof text, "%ld", count);
    answer(id, text);
}

int main(void) {
    while (fgets(line, sizeof line, stdin)) {
        const size_t length = strcspn(line, "\n");
        line[length] = '\0';
        const char *method = json_valid(line, length) ? json_member(line, "method") : NULL;
        const char *params = method ? json_member(line, "params") : NULL;
        const char *id = method ? json_member(line, "id") : NULL;
        if (!method || !params) {
            fail("null", INVALID_REQUEST, "expected a request");
        } else if (!id) {
            handle_stream(method, params, length);
        } else {
            char own_id[64];
            snprintf(own_id, sizeof own_id, "%.*s", (int)json_length(id), id);
            handle_request(own_id, method, params);
        }
        fflush(stdout); /* or the host would wait for messages that sit in our buffer */
    }
    return 0;
}
