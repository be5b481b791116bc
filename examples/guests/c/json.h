/*
 * A JSON reader for small plugins. It checks a text and finds the members of an object; it builds no tree and
 * allocates nothing: a value is a pointer to where it begins in the text that was read.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

/* How deep objects and arrays may nest: the reader recurses, and the stack is small. */
#define JSON_DEPTH 64

/* Is this NUL-terminated text, all `length` bytes of it, one JSON value? The functions below take only texts that are. */
bool json_valid(const char *text, size_t length);

/* How many bytes the value takes. */
size_t json_length(const char *value);

/* Is the value this string? Escapes are not decoded: "p\u0069ng" is not "ping". */
bool json_is(const char *value, const char *string);

/* Where the member `name` of an object begins; NULL when there is none, or the value is not an object. */
const char *json_member(const char *value, const char *name);

/* Reads a whole number from 0 up, sent as 5 or as [5]. One that does not fit becomes SIZE_MAX. */
bool json_whole_number(const char *value, size_t *number);

#endif
