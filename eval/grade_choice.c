/* choice: which letter does the reply mean? Looked for in this order, the first that finds one
 * wins:
 *
 *   1. the whole reply: "B", "(B)", "**B.**", or the text of a choice
 *   2. behind the last "answer:" or "answer is": a letter, or the text of a choice
 *   3. a letter at the start with a mark behind it: "B) Paris", "B. Paris", "B: because ..."
 *   4. one letter in brackets and no other: "so it must be (B)"
 *   5. the text of one choice and of no other, as whole words
 *
 * A reply in which nothing is found scores 0: it does not answer the question.
 */
#include "eval/grade_private.h"

#include <string.h>

enum { KEYS_MAX = 26, KEY_BYTES = 16 };

struct keys {
    size_t n;
    char key[KEYS_MAX][KEY_BYTES];
    const char *text[KEYS_MAX]; /* NULL: not given */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool same(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* false: a key that is too long, or too many. */
static bool keys_of(const struct grader *g, struct keys *k)
{
    k->n = 0;
    for (const struct json *c = json_first(g->choices); c; c = json_next(c)) {
        if (k->n == KEYS_MAX || strlen(json_key(c)) >= KEY_BYTES || !*json_key(c))
            return false;
        snprintf(k->key[k->n], KEY_BYTES, "%s", json_key(c));
        k->text[k->n++] = json_str(c);
    }
    if (!g->choices) {
        for (char c = 'A'; c <= 'Z'; c++) {
            snprintf(k->key[k->n], KEY_BYTES, "%c", c);
            k->text[k->n++] = NULL;
        }
    }
    return true;
}

/* What may stand around an answer without being part of it. */
static void strip(const char *t, size_t *first, size_t *end)
{
    static const char marks[] = " \t\r\n*_`\"'$([{<)]}>.,:;!\\";
    while (*first < *end && strchr(marks, t[*first]))
        ++*first;
    while (*end > *first && strchr(marks, t[*end - 1]))
        --*end;
}

/* The key that text[first..end) is, or whose text it is; -1: none. */
static int whole(const struct keys *k, const char *t, size_t first, size_t end)
{
    strip(t, &first, &end);
    for (size_t i = 0; i < k->n; i++)
        if (strlen(k->key[i]) == end - first && same(k->key[i], t + first, end - first))
            return (int)i;
    for (size_t i = 0; i < k->n; i++) {
        size_t a = 0, b = k->text[i] ? strlen(k->text[i]) : 0;
        if (k->text[i])
            strip(k->text[i], &a, &b);
        if (b > a && b - a == end - first && same(k->text[i] + a, t + first, b - a))
            return (int)i;
    }
    return -1;
}

/* The key, or the text of a choice, that t begins with as a whole word; the longest. -1: none. */
static int begins(const struct keys *k, const char *t, bool texts)
{
    int best = -1;
    size_t best_len = 0;
    for (size_t i = 0; i < k->n; i++) {
        const char *candidates[] = {k->key[i], texts ? k->text[i] : NULL};
        for (int c = 0; c < 2; c++) {
            size_t n = candidates[c] ? strlen(candidates[c]) : 0;
            if (n <= best_len || strlen(t) < n || !same(candidates[c], t, n) || word_char(t[n]))
                continue;
            best = (int)i;
            best_len = n;
        }
    }
    return best;
}

/* Behind the last "answer:", "answer is". */
static int behind_answer(const struct keys *k, const char *t)
{
    int found = -1;
    for (const char *p = t; strlen(p) >= 6; p++) {
        if (!same(p, "answer", 6))
            continue;
        const char *q = p + 6;
        q += strspn(q, " \t*_");
        if (*q == ':')
            q++;
        else if (same(q, "is", strlen(q) < 2 ? strlen(q) : 2) && strlen(q) > 2 && !word_char(q[2]))
            q += 2;
        else
            continue;
        q += strspn(q, " \t\r\n*_`\"'$([{:\\");
        q += strncmp(q, "boxed{", 6) == 0 ? 6 : 0; /* LaTeX, as mathematical models write */
        int one = begins(k, q, true);
        found = one >= 0 ? one : found;
    }
    return found;
}

/* "B) ...", "**B.** ...": a mark behind the letter tells it from the article "A". */
static int at_start(const struct keys *k, const char *t, size_t first)
{
    const char *p = t + first;
    p += strspn(p, "*_`\"'([{");
    int one = begins(k, p, false);
    if (one < 0)
        return -1;
    const char *mark = p + strlen(k->key[one]);
    mark += strspn(mark, "*_`\"'");
    return strchr(").:]},\n\r", *mark) ? one : -1;
}

static int in_brackets(const struct keys *k, const char *t)
{
    int found = -1;
    for (const char *p = strchr(t, '('); p; p = strchr(p + 1, '(')) {
        int one = begins(k, p + 1, false);
        if (one < 0 || p[1 + strlen(k->key[one])] != ')')
            continue;
        if (found >= 0 && found != one)
            return -1;
        found = one;
    }
    return found;
}

static bool has_words(const char *t, const char *words)
{
    size_t n = strlen(words), len = strlen(t);
    for (size_t i = 0; n > 0 && i + n <= len; i++)
        if (same(t + i, words, n) && (i == 0 || !word_char(t[i - 1])) && !word_char(t[i + n]))
            return true;
    return false;
}

static int only_text(const struct keys *k, const char *t)
{
    int found = -1;
    for (size_t i = 0; i < k->n; i++) {
        if (!k->text[i] || !has_words(t, k->text[i]))
            continue;
        if (found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}

void grade_choice(const struct grader *g, const char *text, struct grade_result *out)
{
    struct keys k;
    const char *want = json_str(g->reference);
    if (!want || !keys_of(g, &k)) {
        grade_error(out, !want ? "the reference is not a letter"
                               : "more than 26 choices, or a long letter");
        return;
    }
    size_t first = 0, end = strlen(text);
    grade_trim(text, &first, &end);
    int found = whole(&k, text, first, end);
    if (found < 0)
        found = behind_answer(&k, text);
    if (found < 0)
        found = at_start(&k, text, first);
    if (found < 0)
        found = in_brackets(&k, text);
    if (found < 0)
        found = only_text(&k, text);
    if (found < 0) {
        grade_set(out, 0, "no choice found in the reply");
        return;
    }
    bool right = strlen(want) == strlen(k.key[found]) && same(want, k.key[found], strlen(want));
    grade_set(out, right, "%s, %s %.15s", k.key[found], right ? "as" : "not", want);
}
