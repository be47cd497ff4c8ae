/* One function a grader type. Private to eval/grade*.c.
 *
 * text is the reply, NUL-terminated, not empty. g has a reference where its type wants one. Each
 * fills out->value (0..1) and out->reason, or calls grade_error / sets another status.
 */
#ifndef EVAL_GRADE_PRIVATE_H
#define EVAL_GRADE_PRIVATE_H

#include "eval/grade.h"
#include "store/grader.h"

#include <stddef.h>

void grade_equals(const struct grader *g, const char *text, struct grade_result *out);
void grade_icontains(const struct grader *g, const char *text, struct grade_result *out);
void grade_regex(const struct grader *g, const char *text, struct grade_result *out);
void grade_numeric(const struct grader *g, const char *text, struct grade_result *out);
void grade_choice(const struct grader *g, const char *text, struct grade_result *out);
void grade_is_json(const struct grader *g, const char *text, struct grade_result *out);
void grade_is_sql(const struct grader *g, const char *text, struct grade_result *out);

/* A judged score. */
__attribute__((format(printf, 3, 4))) void grade_set(struct grade_result *out, double value,
                                                     const char *fmt, ...);
/* The grader cannot judge. */
__attribute__((format(printf, 2, 3))) void grade_error(struct grade_result *out, const char *fmt,
                                                       ...);

/* Does pattern match somewhere in text (PCRE2, UTF-8)? 1, 0, or -1 with why in reason. */
int grade_match(const char *pattern, const char *text, size_t len, char *reason,
                size_t reason_size);

/* text[*first .. *end) without white space at its ends. */
void grade_trim(const char *text, size_t *first, size_t *end);
/* The content of the first ``` block, or all of text when there is none; trimmed. */
void grade_unfence(const char *text, size_t *first, size_t *end);

#endif
