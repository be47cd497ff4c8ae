/* The one door to PCRE2: does a pattern match somewhere in a reply? Match, depth and heap limits
 * keep a pattern that backtracks without end from stopping a run: that is an error of the grader,
 * not a score. Compiled without JIT, so that limits mean the same everywhere.
 */
#include "eval/grade_private.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 10000, HEAP_LIMIT_KIB = 65536 };

static void explain(int code, char *reason, size_t size)
{
    unsigned char text[120] = "";
    pcre2_get_error_message(code, text, sizeof text);
    snprintf(reason, size, "%s", (const char *)text);
}

static int match(const pcre2_code *code, const char *text, size_t len, char *reason, size_t size)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    int rc = PCRE2_ERROR_NOMEMORY;
    if (data && limits) {
        pcre2_set_match_limit(limits, MATCH_LIMIT);
        pcre2_set_depth_limit(limits, DEPTH_LIMIT);
        pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
        rc = pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, data, limits);
    }
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    explain(rc, reason, size);
    return -1;
}

int grade_match(const char *pattern, const char *text, size_t len, char *reason, size_t reason_size)
{
    int code;
    size_t at;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
    if (!re) {
        char what[120];
        explain(code, what, sizeof what);
        snprintf(reason, reason_size, "the pattern is wrong at byte %zu: %s", at, what);
        return -1;
    }
    int found = match(re, text, len, reason, reason_size);
    pcre2_code_free(re);
    return found;
}

void grade_regex(const struct grader *g, const char *text, struct grade_result *out)
{
    const char *pattern = g->pattern ? g->pattern : json_str(g->reference);
    char reason[180];
    if (!pattern) {
        grade_error(out, "the pattern is not a string");
        return;
    }
    int found = grade_match(pattern, text, strlen(text), reason, sizeof reason);
    if (found < 0)
        grade_error(out, "%s", reason);
    else
        grade_set(out, found, found ? "the pattern matches" : "the pattern does not match");
}
