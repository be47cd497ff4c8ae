/* The table writer: the automaton that finds all keywords of the rules in one pass (Aho and
 * Corasick 1975, as a complete transition table over classes of bytes). It works on text with ASCII
 * letters folded and proposes keywords; the reader looks at case and word boundaries itself.
 * router/FORMAT.md, 3.17. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "router/shunt.h"
#include "train/table_parts.h"

/* A larger one is left out: the reader then searches for each keyword by itself. */
enum { TRANSITIONS_MAX = 16 * 1024 * 1024 };

struct builder {
    const struct shunt_keyword *word;
    const char *strings;
    uint32_t words;
    uint8_t class[256];
    uint32_t classes, states;
    uint32_t *next;        /* [states][classes] */
    uint32_t *end;         /* [words] state in which each keyword ends */
    uint32_t *suffix;      /* [states] longest proper suffix that is a state */
    uint32_t *depth_order; /* [states] old numbers in the order of their depth */
};

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* One class for each folded byte that occurs in a keyword; 0 for all others. */
static size_t find_classes(struct builder *b)
{
    size_t bytes = 0;
    b->classes = 1;
    for (uint32_t k = 0; k < b->words; k++) {
        const unsigned char *s = (const unsigned char *)b->strings + b->word[k].text;
        bytes += b->word[k].bytes;
        for (uint32_t i = 0; i < b->word[k].bytes; i++)
            if (!b->class[fold(s[i])])
                b->class[fold(s[i])] = (uint8_t)b->classes++;
    }
    for (int c = 'A'; c <= 'Z'; c++)
        b->class[c] = b->class[c + 32];
    return bytes;
}

/* The trie of the keywords; a missing edge is SHUNT_NONE. */
static void build_trie(struct builder *b)
{
    b->states = 1;
    for (uint32_t c = 0; c < b->classes; c++)
        b->next[c] = SHUNT_NONE;
    for (uint32_t k = 0; k < b->words; k++) {
        const unsigned char *s = (const unsigned char *)b->strings + b->word[k].text;
        uint32_t at = 0;
        for (uint32_t i = 0; i < b->word[k].bytes; i++) {
            uint32_t *edge = &b->next[(size_t)at * b->classes + b->class[s[i]]];
            if (*edge == SHUNT_NONE) {
                *edge = b->states++;
                for (uint32_t c = 0; c < b->classes; c++)
                    b->next[(size_t)*edge * b->classes + c] = SHUNT_NONE;
            }
            at = *edge;
        }
        b->end[k] = at;
    }
}

/* Missing edges become those of the longest suffix, breadth first. */
static void complete(struct builder *b)
{
    uint32_t head = 0;
    uint32_t tail = 0;
    b->depth_order[tail++] = 0;
    b->suffix[0] = 0;
    while (head < tail) {
        uint32_t s = b->depth_order[head++];
        for (uint32_t c = 0; c < b->classes; c++) {
            uint32_t *edge = &b->next[(size_t)s * b->classes + c];
            uint32_t other = s ? b->next[(size_t)b->suffix[s] * b->classes + c] : 0;
            if (*edge == SHUNT_NONE) {
                *edge = other;
            } else {
                b->suffix[*edge] = other;
                b->depth_order[tail++] = *edge;
            }
        }
    }
}

/* Write the states in the order of their depth, so that suffixes come first. */
static void write_states(const struct builder *b, struct buf *to)
{
    AUTO_FREE uint32_t *number = mem_array(b->states, sizeof *number);
    AUTO_FREE uint32_t *outputs = mem_zalloc((b->states + 1) * sizeof *outputs);
    AUTO_FREE uint32_t *link = mem_array(b->states, sizeof *link); /* by new number */
    for (uint32_t i = 0; i < b->states; i++)
        number[b->depth_order[i]] = i;
    for (uint32_t k = 0; k < b->words; k++)
        outputs[number[b->end[k]]]++;
    for (uint32_t i = 0; i < b->states; i++) {
        uint32_t s = number[b->suffix[b->depth_order[i]]];
        link[i] = i == 0 ? SHUNT_NONE : outputs[s] ? s : link[s];
    }
    for (uint32_t i = 0; i < b->states; i++)
        for (uint32_t c = 0; c < b->classes; c++) {
            uint32_t n = number[b->next[(size_t)b->depth_order[i] * b->classes + c]];
            if (outputs[n] || link[n] != SHUNT_NONE)
                n |= SHUNT_AUTOMATON_HIT;
            buf_add(to, &n, sizeof n);
        }
    AUTO_FREE uint32_t *first = mem_zalloc((b->states + 1) * sizeof *first);
    for (uint32_t i = 0; i < b->states; i++)
        first[i + 1] = first[i] + outputs[i];
    buf_add(to, first, (b->states + 1) * sizeof *first);
    buf_add(to, link, b->states * sizeof *link);
    AUTO_FREE uint32_t *out = mem_array(b->words, sizeof *out);
    for (uint32_t k = 0; k < b->words; k++)
        out[first[number[b->end[k]]]++] = k;
    buf_add(to, out, b->words * sizeof *out);
}

int table_fill_automaton(struct table_draft *d, struct err *e)
{
    (void)e;
    const struct buf *words = &d->part[SHUNT_S_KEYWORDS];
    size_t count = words->len / sizeof(struct shunt_keyword);
    if (count == 0 || count > SHUNT_AUTOMATON_KEYWORDS_MAX)
        return ERR_OK;
    struct builder b = {.word = (const void *)words->data,
                        .strings = d->part[SHUNT_S_STRINGS].data,
                        .words = (uint32_t)count};
    size_t bytes = find_classes(&b);
    if (b.classes > 255 || (bytes + 1) * b.classes > TRANSITIONS_MAX)
        return ERR_OK;
    AUTO_FREE uint32_t *next = mem_array((bytes + 1) * b.classes, sizeof *next);
    AUTO_FREE uint32_t *end = mem_array(count, sizeof *end);
    AUTO_FREE uint32_t *suffix = mem_zalloc((bytes + 1) * sizeof *suffix);
    AUTO_FREE uint32_t *order = mem_array(bytes + 1, sizeof *order);
    b.next = next;
    b.end = end;
    b.suffix = suffix;
    b.depth_order = order;
    build_trie(&b);
    complete(&b);
    struct buf *to = &d->part[SHUNT_S_AUTOMATON];
    struct shunt_automaton head = {.states = b.states, .classes = b.classes, .outputs = b.words};
    buf_add(to, &head, sizeof head);
    buf_add(to, b.class, sizeof b.class);
    write_states(&b, to);
    return ERR_OK;
}
