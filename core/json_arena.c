/* cJSON's allocation hooks, which are set before main: an arena while one is open in this thread,
 * malloc otherwise (trees made node by node).
 */
#include "core/json_arena.h"

#include "core/mem.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    struct piece *next; /* older ones hang behind the first, whose memory begins with the root */
    char *at, *end;
    max_align_t start[];
};

/* The first piece, and the one that is being filled. */
static _Thread_local struct piece *first, *last;

enum {
    PER_BYTE = 3, /* of memory by bytes of text: replies of providers take 2 to 3 */
    ALIGN = sizeof(void *),
};

static struct piece *piece_new(size_t n)
{
    struct piece *p = mem_alloc(sizeof *p + n);
    p->next = NULL;
    p->at = (char *)p->start;
    p->end = p->at + n;
    return p;
}

static void *take(size_t n)
{
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    if (n > (size_t)(last->end - last->at)) {
        size_t size = 2 * (size_t)(last->end - (char *)last->start);
        last->next = piece_new(n > size ? n : size);
        last = last->next;
    }
    void *got = last->at;
    last->at += n;
    return got;
}

static void *allocate(size_t n)
{
    return first ? take(n) : malloc(n);
}

static void release(void *p)
{
    if (!first)
        free(p);
}

__attribute__((constructor)) static void set_hooks(void)
{
    cJSON_Hooks hooks = {allocate, release};
    cJSON_InitHooks(&hooks);
}

void json_arena_begin(size_t len)
{
    first = last = piece_new(len * PER_BYTE + 512);
}

void json_arena_end(void)
{
    first = last = NULL;
}

char *json_arena_text(const char *text, size_t n)
{
    char *copy = take(n + 1);
    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

void json_arena_free(void *address)
{
    struct piece *p = (struct piece *)(void *)((char *)address - offsetof(struct piece, start));
    while (p) {
        struct piece *next = p->next;
        free(p);
        p = next;
    }
}
