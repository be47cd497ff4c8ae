/* Fills struct err. The text is made in a local buffer first, because an argument may be the text
 * that e holds already, and is kept to one line: a line end or an escape sequence out of a file
 * name must not reach a terminal or a log. Printing is core/log.c's.
 */
#include "core/err.h"

#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Masks control characters and drops a UTF-8 character that the end of the buffer cut in two. */
static void tidy(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 == size) {
        size_t lead = len;
        while (lead > 0 && len - lead < 4 && ((unsigned char)text[lead] & 0xC0) != 0xC0)
            lead--;
        if (((unsigned char)text[lead] & 0xC0) == 0xC0 && utf8_check(text + lead, len - lead) == 0)
            text[lead] = '\0';
    }
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    char text[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tidy(text, sizeof text);
    memcpy(e->text, text, sizeof text);
    e->code = code;
    return code;
}

int err_wrap(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    char prefix[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(prefix, sizeof prefix, fmt, ap);
    va_end(ap);

    /* Room for both whole; what is too long is cut where it is copied. */
    char text[2 * sizeof e->text + 2];
    snprintf(text, sizeof text, "%s: %s", prefix, e->text);
    text[sizeof e->text - 1] = '\0';
    tidy(text, sizeof e->text);
    memcpy(e->text, text, sizeof e->text);
    return e->code;
}
