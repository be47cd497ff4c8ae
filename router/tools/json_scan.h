/* A strict JSON scanner over one line, for shunt-route, which links nothing but libshunt.
 *
 * Nothing is copied or changed: values are checked and given as spans of the line. Strict means RFC
 * 8259 and UTF-8 throughout, escapes complete, no unpaired surrogate, no escaped NUL, at most 64
 * levels, nothing after the value.
 */
#ifndef ROUTER_TOOLS_JSON_SCAN_H
#define ROUTER_TOOLS_JSON_SCAN_H

#include <stddef.h>

enum { JSON_SCAN_DEPTH = 64 };

struct json_scan {
    const char *begin, *at, *end;
    const char *error; /* what is wrong at `at`, or NULL */
};

struct json_span { /* a checked value, quotes and brackets included */
    const char *at;
    size_t bytes; /* 0: absent */
};

void json_scan_init(struct json_scan *s, const char *text, size_t bytes);

/* The value at the current place, white space before it skipped. 1, or 0 with s->error set. */
int json_scan_value(struct json_scan *s, struct json_span *out);

/* Is nothing left but white space? */
int json_scan_end(struct json_scan *s);

/* Step through a checked array or object: put s behind its bracket, then call until it returns 0.
 * key is only written for objects (NULL for arrays), with its quotes. */
void json_scan_enter(struct json_scan *s, struct json_span inside);
int json_scan_next(struct json_scan *s, struct json_span *key, struct json_span *value);

/* Decode a checked string into out, which needs span.bytes - 1 bytes: a NUL is added. Returns the
 * length without it. */
size_t json_scan_decode(struct json_span span, char *out);

/* Is the checked string equal to word? */
int json_scan_equals(struct json_span span, const char *word);

/* Offset of the first byte that is not UTF-8, or bytes. */
size_t json_scan_utf8(const char *text, size_t bytes);

#endif
