/* Finding a known prompt inside a longer text, whatever was put around it.
 *
 * Every known text of 32 bytes or more is filed under the hash of its rarest 32-byte window (8
 * bytes for shorter ones); a request is scanned once with a rolling hash (Karp and Rabin 1987) and
 * every hit is compared in full. Rarest, because many prompts begin with the same fact sheet and
 * would otherwise share one slot. */
#include "tests/provider/traffic_impl.h"

#include "core/hash.h"
#include "core/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 32, NARROW = 8, COUNTER_BITS = 20 };
static const uint64_t base = 0x100000001b3ULL; /* any odd multiplier; arithmetic is modulo 2^64 */

static uint64_t mix(uint64_t h)
{
    h ^= h >> 31;
    h *= 0x9e3779b97f4a7c15ULL;
    return h ^ (h >> 29);
}

struct roll {
    uint64_t h, top; /* top = base^width */
};

static struct roll roll_start(const unsigned char *s, size_t width)
{
    struct roll r = {0, 1};
    for (size_t i = 0; i < width; i++) {
        r.h = r.h * base + s[i] + 1;
        r.top *= base;
    }
    return r;
}

static void roll_on(struct roll *r, unsigned char out, unsigned char in)
{
    r->h = r->h * base + in + 1 - r->top * (out + 1ULL);
}

static void table_init(struct anchor_table *a, size_t rows)
{
    size_t size = 16;
    while (size < rows * 2)
        size *= 2;
    a->slot = mem_array(size, sizeof *a->slot);
    a->mask = size - 1;
    for (size_t i = 0; i < size; i++)
        a->slot[i].prompt = UINT32_MAX;
}

static void table_add(struct anchor_table *a, struct anchor row)
{
    size_t i = row.hash & a->mask;
    while (a->slot[i].prompt != UINT32_MAX)
        i = (i + 1) & a->mask;
    a->slot[i] = row;
}

static size_t width_for(size_t len)
{
    return len >= WIDE ? WIDE : len >= NARROW ? NARROW : 0;
}

/* Walks all windows of a text: counts them, or finds the rarest by the counts. */
static struct anchor walk(const char *text, size_t len, size_t width, uint16_t *count, int find)
{
    const unsigned char *s = (const unsigned char *)text;
    struct roll r = roll_start(s, width);
    struct anchor best = {0};
    uint16_t lowest = UINT16_MAX;
    for (size_t i = 0;; i++) {
        uint64_t h = mix(r.h);
        uint16_t *c = &count[h >> (64 - COUNTER_BITS)];
        if (!find && *c < UINT16_MAX - 1)
            (*c)++;
        if (find && *c < lowest) {
            lowest = *c;
            best.hash = h;
            best.offset = (uint32_t)i;
        }
        if (i + width >= len)
            return best;
        roll_on(&r, s[i], s[i + width]);
    }
}

void find_build(struct traffic *t)
{
    size_t n = t->prompts.n;
    table_init(&t->exact, n);
    table_init(&t->wide, n);
    table_init(&t->narrow, n);
    uint16_t *count = mem_array((size_t)1 << COUNTER_BITS, sizeof *count);
    for (int find = 0; find < 2; find++)
        for (size_t i = 0; i < n; i++) {
            const char *text = t->prompts.v[i].user;
            size_t len = strlen(text), width = width_for(len);
            if (find)
                table_add(&t->exact, (struct anchor){hash64(text, len, 0), (uint32_t)i, 0});
            if (!width)
                continue;
            struct anchor a = walk(text, len, width, count, find);
            a.prompt = (uint32_t)i;
            if (find)
                table_add(width == WIDE ? &t->wide : &t->narrow, a);
        }
    free(count);
}

void find_free(struct traffic *t)
{
    free(t->exact.slot);
    free(t->wide.slot);
    free(t->narrow.slot);
}

/* The system text as sent, and the user turn that a system text may have been merged into. */
struct asked {
    const char *user, *system;
    size_t user_len;
};

/* How well a prompt's system text fits: 3 equal, 2 inside the system text, 1 inside the turn. */
static int system_fit(const struct prompt *p, const struct asked *q)
{
    if (!strcmp(p->system, q->system))
        return 3;
    if (!*p->system)
        return 0;
    return strstr(q->system, p->system) ? 2 : strstr(q->user, p->system) ? 1 : 0;
}

struct best {
    const struct prompt *prompt;
    size_t len;
    int fit;
};

/* Longer text first, then the better system text, then the earlier row. */
static void consider(struct best *b, const struct prompt *p, size_t len, const struct asked *q)
{
    if (b->prompt && len < b->len)
        return;
    int fit = system_fit(p, q);
    if (b->prompt && len == b->len && (fit < b->fit || (fit == b->fit && p >= b->prompt)))
        return;
    *b = (struct best){p, len, fit};
}

static void look_exact(const struct traffic *t, const struct asked *q, struct best *b)
{
    uint64_t h = hash64(q->user, q->user_len, 0);
    for (size_t i = h & t->exact.mask; t->exact.slot[i].prompt != UINT32_MAX;
         i = (i + 1) & t->exact.mask) {
        const struct anchor *a = &t->exact.slot[i];
        const struct prompt *p = &t->prompts.v[a->prompt];
        if (a->hash == h && strlen(p->user) == q->user_len &&
            !memcmp(p->user, q->user, q->user_len))
            consider(b, p, q->user_len, q);
    }
}

static void look_inside(const struct traffic *t, const struct anchor_table *table, size_t width,
                        const struct asked *q, struct best *b)
{
    if (q->user_len < width)
        return;
    const unsigned char *s = (const unsigned char *)q->user;
    struct roll r = roll_start(s, width);
    for (size_t i = 0;; i++) {
        uint64_t h = mix(r.h);
        for (size_t k = h & table->mask; table->slot[k].prompt != UINT32_MAX;
             k = (k + 1) & table->mask) {
            const struct anchor *a = &table->slot[k];
            if (a->hash != h || a->offset > i)
                continue;
            const struct prompt *p = &t->prompts.v[a->prompt];
            size_t len = strlen(p->user), at = i - a->offset;
            if (len <= q->user_len - at && !memcmp(q->user + at, p->user, len))
                consider(b, p, len, q);
        }
        if (i + width >= q->user_len)
            return;
        roll_on(&r, s[i], s[i + width]);
    }
}

const struct prompt *traffic_find(const struct traffic *t, const char *user, const char *system)
{
    size_t len = strlen(user);
    while (len && isspace((unsigned char)user[len - 1]))
        len--;
    while (len && isspace((unsigned char)*user))
        user++, len--;
    struct asked q = {user, system, len};
    struct best b = {0};
    look_exact(t, &q, &b);
    if (b.prompt)
        return b.prompt;
    look_inside(t, &t->wide, WIDE, &q, &b);
    if (!b.prompt)
        look_inside(t, &t->narrow, NARROW, &q, &b);
    return b.prompt;
}
