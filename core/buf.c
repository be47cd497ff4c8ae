/* The growing byte buffer. An empty one points at a shared NUL and owns nothing, so that data is
 * never NULL; that byte is never written, so that threads may share it. Once `over` is set further
 * adds fail too: otherwise a later, shorter piece would close the gap unseen.
 */
#include "core/buf.h"

#include "core/mem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64 };
static const size_t default_max = (size_t)1 << 30;

char buf_empty[1] = "";

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf)BUF_INIT(max);
}

void buf_deinit(struct buf *b)
{
    if (!b)
        return;
    if (b->cap)
        free(b->data);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->over = false;
    if (b->cap)
        b->data[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t more)
{
    size_t max = b->max ? b->max : default_max;
    if (b->over || b->len > max || more > max - b->len) {
        b->over = true;
        return false;
    }
    size_t need = b->len + more + 1; /* the NUL; max is far below SIZE_MAX or malloc refuses */
    if (need == 0)
        mem_exhausted();
    if (need <= b->cap)
        return true;
    size_t cap = b->cap > need / 2 ? b->cap * 2 : need;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP;
    bool owned = b->cap > 0;
    b->data = mem_realloc(owned ? b->data : NULL, cap);
    b->cap = cap;
    if (!owned)
        b->data[0] = '\0';
    return true;
}

bool buf_add(struct buf *b, const void *data, size_t len)
{
    if (len == 0)
        return !b->over;
    if (!buf_reserve(b, len))
        return false;
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_adds(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

bool buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

bool buf_addi(struct buf *b, int64_t x)
{
    char text[24], *end = text + sizeof text, *at = end;
    uint64_t rest = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (x < 0)
        *--at = '-';
    return buf_add(b, at, (size_t)(end - at));
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0 || !buf_reserve(b, (size_t)len)) {
        b->over = true;
        return false;
    }
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)len;
    return true;
}

char *buf_detach(struct buf *b, size_t *len)
{
    if (len)
        *len = b->len;
    char *data = b->cap ? b->data : mem_strndup("", 0);
    buf_init(b, b->max);
    return data;
}
