#include "json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *p) {
    return p + strspn(p, " \t\r\n");
}

static const char *skip_digits(const char *p) {
    return p + strspn(p, "0123456789");
}

/* Every skip function takes where a value begins, and returns where it ends or NULL when it is not well formed. */

static const char *skip_string(const char *p) {
    if (*p != '"') return NULL;
    for (p++; *p != '"'; p++) {
        if ((unsigned char)*p < ' ') return NULL; /* a control character, or the end of the text */
        if (*p != '\\') continue;
        p++;
        if (*p == 'u') {
            for (int i = 0; i < 4; i++) {
                if (!isxdigit((unsigned char)*++p)) return NULL;
            }
        } else if (*p == '\0' || !strchr("\"\\/bfnrt", *p)) {
            return NULL;
        }
    }
    return p + 1;
}

static const char *skip_number(const char *p) {
    if (*p == '-') p++;
    if (!isdigit(*p)) return NULL;
    p = *p == '0' ? p + 1 : skip_digits(p);
    if (*p == '.') {
        if (!isdigit(*++p)) return NULL;
        p = skip_digits(p);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-') p++;
        if (!isdigit(*p)) return NULL;
        p = skip_digits(p);
    }
    return p;
}

static const char *skip_value(const char *p, int depth) {
    if (*p == '"') return skip_string(p);
    if (!strncmp(p, "true", 4) || !strncmp(p, "null", 4)) return p + 4;
    if (!strncmp(p, "false", 5)) return p + 5;
    if (*p != '{' && *p != '[') return skip_number(p);
    if (depth == 0) return NULL;

    const bool object = *p == '{';
    const char close = object ? '}' : ']';
    p = skip_space(p + 1);
    if (*p == close) return p + 1;
    for (;;) {
        if (object) {
            if (!(p = skip_string(p))) return NULL;
            p = skip_space(p);
            if (*p != ':') return NULL;
            p = skip_space(p + 1);
        }
        if (!(p = skip_value(p, depth - 1))) return NULL;
        p = skip_space(p);
        if (*p == close) return p + 1;
        if (*p != ',') return NULL;
        p = skip_space(p + 1);
    }
}

bool json_valid(const char *text, size_t length) {
    const char *end = skip_value(skip_space(text), JSON_DEPTH);
    return end && skip_space(end) == text + length;
}

size_t json_length(const char *value) {
    return (size_t)(skip_value(value, JSON_DEPTH) - value);
}

bool json_is(const char *value, const char *string) {
    const size_t length = strlen(string);
    return *value == '"' && json_length(value) == length + 2 && !memcmp(value + 1, string, length);
}

const char *json_member(const char *value, const char *name) {
    const char *p = skip_space(value);
    if (*p != '{') return NULL;
    p = skip_space(p + 1);
    while (*p == '"') {
        const bool found = json_is(p, name);
        p = skip_space(skip_string(p));
        p = skip_space(p + 1); /* past the colon */
        if (found) return p;
        p = skip_space(p + json_length(p));
        if (*p == ',') p = skip_space(p + 1);
    }
    return NULL;
}

bool json_whole_number(const char *value, size_t *number) {
    const bool list = *value == '[';
    if (list) value = skip_space(value + 1);
    if (!isdigit(*value)) return false;
    char *end;
    *number = strtoul(value, &end, 10);
    if (list) return *skip_space(end) == ']';
    return *end != '.' && *end != 'e' && *end != 'E';
}
