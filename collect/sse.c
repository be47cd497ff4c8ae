/* Lines, then fields, then events. What an event means is stream.c's.
 */
#include "collect/sse.h"

#include <stdio.h>
#include <string.h>

void sse_init(struct sse *s, size_t max)
{
    *s = (struct sse){0};
    buf_init(&s->line, max);
    buf_init(&s->data, max);
}

void sse_deinit(struct sse *s)
{
    buf_deinit(&s->line);
    buf_deinit(&s->data);
}

void sse_reset(struct sse *s)
{
    buf_clear(&s->line);
    buf_clear(&s->data);
    s->line.over = s->data.over = false;
    s->event[0] = '\0';
    s->has_data = s->skip_lf = s->begun = s->over = false;
}

static bool dispatch(struct sse *s, sse_event *see, void *arg)
{
    bool go_on = !s->has_data || see(arg, s->event, s->data.data, s->data.len);
    buf_clear(&s->data);
    s->event[0] = '\0';
    s->has_data = false;
    return go_on;
}

static void field(struct sse *s, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    size_t name = colon ? (size_t)(colon - line) : len, skip = colon ? name + 1 : name;
    skip += skip < len && line[skip] == ' ';
    const char *value = line + skip;
    if (name == 4 && memcmp(line, "data", 4) == 0) {
        s->over =
            (s->has_data && !buf_addc(&s->data, '\n')) || !buf_add(&s->data, value, len - skip);
        s->has_data = true;
    } else if (name == 5 && memcmp(line, "event", 5) == 0) {
        snprintf(s->event, sizeof s->event, "%.*s", (int)(len - skip < 63 ? len - skip : 63),
                 value);
    }
}

static bool end_line(struct sse *s, sse_event *see, void *arg)
{
    bool go_on = true;
    if (s->line.len)
        field(s, s->line.data, s->line.len);
    else
        go_on = dispatch(s, see, arg);
    buf_clear(&s->line);
    return go_on && !s->over;
}

/* A byte order mark at the very start is no part of the first line. */
static void drop_mark(struct sse *s)
{
    if (!s->begun && s->line.len >= 3 && memcmp(s->line.data, "\xef\xbb\xbf", 3) == 0) {
        memmove(s->line.data, s->line.data + 3, s->line.len - 2);
        s->line.len -= 3;
    }
    s->begun = true;
}

bool sse_feed(struct sse *s, const char *bytes, size_t n, sse_event *see, void *arg)
{
    while (n > 0 && !s->over) {
        if (s->skip_lf && *bytes == '\n') {
            s->skip_lf = false;
            bytes++, n--;
            continue;
        }
        s->skip_lf = false;
        size_t len = 0;
        while (len < n && bytes[len] != '\n' && bytes[len] != '\r')
            len++;
        s->over = !buf_add(&s->line, bytes, len);
        if (s->over || len == n)
            break;
        drop_mark(s);
        s->skip_lf = bytes[len] == '\r';
        bytes += len + 1;
        n -= len + 1;
        if (!end_line(s, see, arg))
            return false;
    }
    return !s->over;
}

bool sse_end(struct sse *s, sse_event *see, void *arg)
{
    if (s->over)
        return false;
    drop_mark(s);
    if (s->line.len && !end_line(s, see, arg))
        return false;
    return dispatch(s, see, arg);
}
