/* A reply's text as graders are to see it: what a model of the config wraps its answers in, taken
 * off. The raw text is kept beside it.
 */
#ifndef COLLECT_NORMAL_H
#define COLLECT_NORMAL_H

#include "core/buf.h"
#include "core/json.h"

#include <stdbool.h>

/* Appends the normalised text to *out; false, with nothing appended, when it is the text itself.
 *
 *   rules  of the config's `output`, or NULL. In this order:
 *     strip_fences: true    a reply that is one fenced block, or holds exactly one, is its inside
 *     pick: a.b[0]          the member of the JSON there; a string without its quotes
 *     rename: {old: new}    keys of the object there, at every level; a key whose new name is
 *                           already there stays as it is
 * Text that is not JSON passes pick and rename unchanged: it is for the grader to refuse. */
bool normal_text(const struct json *rules, const char *text, struct buf *out);

#endif
