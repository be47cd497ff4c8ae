/* JSON of a reply that a strict parser refuses though a person could read it. */
#ifndef COLLECT_MEND_H
#define COLLECT_MEND_H

#include "core/json.h"

/* Parses text as it is; where that fails, once more with U+FFFD in place of escaped NULs, halves of
 * surrogate pairs (a reply cut in the middle of an emoji) and bytes that are not UTF-8. It was paid
 * for, so it is not thrown away for one character. ERR_FORMAT as json_parse, of the first try. */
int mend_parse(const char *text, size_t len, struct json **out, struct err *e);

#endif
