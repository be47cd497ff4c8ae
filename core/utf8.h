/* UTF-8: validity, and the plain normalisation used to find equal texts. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include "core/buf.h"

#include <stddef.h>

/* Offset of the first invalid byte (overlong forms, surrogates and beyond U+10FFFF are invalid),
 * or len when all is valid. */
size_t utf8_check(const char *text, size_t len);
/* Appends text lower-cased (ASCII), runs of white space as one space, trimmed. */
void text_normalise(struct buf *out, const char *text, size_t len);

#endif
