/* Rules: does one match a request? Keywords are found by the table's automaton, one pass for all of
 * them; in tables without one each is searched for by itself. FORMAT.md, section 5, Rules. */
#include <string.h>

#include "router/internal.h"

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* Bytes that make up words: letters as the encoder sees them, digits and '_'. */
static int is_word(unsigned char c)
{
    unsigned char l = fold(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

/* Does word stand at text[at]? The caller has checked that it fits. */
static int stands_at(const unsigned char *text, size_t bytes, size_t at, const unsigned char *word,
                     const struct shunt_keyword *k)
{
    for (uint32_t i = 0; i < k->bytes; i++) {
        unsigned char a = text[at + i];
        if (k->flags & SHUNT_KEYWORD_FOLD ? fold(a) != fold(word[i]) : a != word[i])
            return 0;
    }
    if (!(k->flags & SHUNT_KEYWORD_WORD))
        return 1;
    size_t end = at + k->bytes;
    int joined_before = at > 0 && is_word(word[0]) && is_word(text[at - 1]);
    int joined_behind = end < bytes && is_word(word[k->bytes - 1]) && is_word(text[end]);
    return !joined_before && !joined_behind;
}

static int occurs(const struct shunt_table *t, const struct shunt_keyword *k,
                  const struct shunt_request *r)
{
    const unsigned char *word = (const unsigned char *)t->strings + k->text;
    const unsigned char *text = (const unsigned char *)r->text;
    if (k->bytes > r->text_bytes)
        return 0;
    size_t last = r->text_bytes - k->bytes;
    unsigned char low = k->flags & SHUNT_KEYWORD_FOLD ? fold(word[0]) : word[0];
    unsigned char high = low;
    if (k->flags & SHUNT_KEYWORD_FOLD && low >= 'a' && low <= 'z')
        high = (unsigned char)(low - 32);
    for (size_t at = 0; at <= last; at++)
        if ((text[at] == low || text[at] == high) && stands_at(text, r->text_bytes, at, word, k))
            return 1;
    return 0;
}

static int same(const struct shunt_table *t, uint32_t wanted, const char *given)
{
    if (wanted == SHUNT_NONE)
        return 1;
    return given && strcmp(t->strings + wanted, given) == 0;
}

void shunt_find_keywords(const struct shunt_table *t, const struct shunt_request *r,
                         struct keyword_hits *hits)
{
    const struct shunt_automaton *a = t->automaton;
    const unsigned char *text = (const unsigned char *)r->text;
    if (!a)
        return;
    memset(hits->bit, 0, ((size_t)t->keywords + 63) / 64 * sizeof *hits->bit);
    uint32_t left = t->keywords;
    uint32_t state = 0;
    for (size_t i = 0; i < r->text_bytes && left > 0; i++) {
        uint32_t next = t->automaton_next[state * a->classes + t->automaton_class[text[i]]];
        state = next & ~SHUNT_AUTOMATON_HIT;
        if (!(next & SHUNT_AUTOMATON_HIT))
            continue;
        for (uint32_t s = state; s != SHUNT_NONE; s = t->automaton_suffix[s])
            for (uint32_t o = t->automaton_first[s]; o < t->automaton_first[s + 1]; o++) {
                uint32_t k = t->automaton_out[o];
                const struct shunt_keyword *word = &t->keyword[k];
                if (hits->bit[k / 64] >> k % 64 & 1 || word->bytes > i + 1)
                    continue;
                if (!stands_at(text, r->text_bytes, i + 1 - word->bytes,
                               (const unsigned char *)t->strings + word->text, word))
                    continue;
                hits->bit[k / 64] |= UINT64_C(1) << k % 64;
                left--;
            }
    }
}

/* Is one of count bits from first on set? */
static int any_bit(const uint64_t *bit, uint32_t first, uint32_t count)
{
    for (uint32_t k = first; k < first + count; k++) {
        if (k % 64 == 0 && first + count - k >= 64 && bit[k / 64] == 0) {
            k += 63;
            continue;
        }
        if (bit[k / 64] >> k % 64 & 1)
            return 1;
    }
    return 0;
}

int shunt_rule_matches(const struct shunt_table *t, uint32_t i, const struct shunt_request *r,
                       const struct keyword_hits *hits)
{
    const struct shunt_rule *rule = &t->rule[i];
    if (r->text_bytes < rule->min_bytes || r->text_bytes > rule->max_bytes)
        return 0;
    if (!same(t, rule->task, r->task) || !same(t, rule->user_class, r->user_class))
        return 0;
    if (rule->keyword_count == 0)
        return 1;
    if (t->automaton)
        return any_bit(hits->bit, rule->first_keyword, rule->keyword_count);
    for (uint32_t k = 0; k < rule->keyword_count; k++)
        if (occurs(t, &t->keyword[rule->first_keyword + k], r))
            return 1;
    return 0;
}
