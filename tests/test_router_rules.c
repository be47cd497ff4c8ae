/* The automaton of the rules: the same answers as searching for each keyword by itself, and as a
 * naive search written here; time that does not grow with the number of keywords. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <time.h>

#include "router/internal.h"

static struct mini x;
static uint64_t seed = 1;

static unsigned any_of(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static size_t make_text(char *out, size_t max)
{
    static const char *const part[] = {"a", "b", "A",        "B",  " ", "_",
                                       "1", "-", "\xc3\xa9", "ab", "c"};
    size_t n = 0;
    for (size_t k = any_of((unsigned)max); n + 2 < max && k > 0; k--) {
        const char *p = part[any_of(sizeof part / sizeof *part)];
        memcpy(out + n, p, strlen(p));
        n += strlen(p);
    }
    out[n] = '\0';
    return n;
}

static int word_byte(unsigned char c)
{
    return isalnum(c) || c == '_' || c >= 0x80;
}

static int naive_occurs(const char *text, size_t n, const char *word, int inside, int exact)
{
    size_t m = strlen(word);
    for (size_t at = 0; at + m <= n; at++) {
        size_t i = 0;
        while (i < m &&
               (exact ? text[at + i] == word[i]
                      : tolower((unsigned char)text[at + i]) == tolower((unsigned char)word[i])))
            i++;
        if (i < m)
            continue;
        if (inside)
            return 1;
        int left =
            at > 0 && word_byte((unsigned char)word[0]) && word_byte((unsigned char)text[at - 1]);
        int right = at + m < n && word_byte((unsigned char)word[m - 1]) &&
                    word_byte((unsigned char)text[at + m]);
        if (!left && !right)
            return 1;
    }
    return 0;
}

/* Rename the automaton's section to one that nobody knows. */
static void hide_automaton(unsigned char *b, size_t n)
{
    struct shunt_header *h = (void *)b;
    struct shunt_section *s = (void *)(b + 64);
    cr_assert_eq(s[h->section_count - 1].id, SHUNT_S_AUTOMATON);
    s[h->section_count - 1].id = 61;
    uint64_t sum = shunt_checksum(b, n);
    memcpy(b + offsetof(struct shunt_header, checksum), &sum, 8);
}

Test(router_rules, the_automaton_finds_what_a_search_finds)
{
    enum { RULES = 12, WORDS = 5 };
    static char word[RULES][WORDS][16];
    static const char *list[RULES][WORDS];
    static struct table_rule rule[RULES];
    int found = 0, missed = 0;
    for (int round = 0; round < 400; round++) {
        struct err e = {0};
        unsigned char *bytes;
        size_t len;
        struct shunt_table *t, *plain;
        mini_init(&x, 8, 0, 1);
        mini_constant(&x, .5, .7, .9);
        for (int i = 0; i < RULES; i++) {
            size_t words = any_of(WORDS + 1);
            for (size_t k = 0; k < words; k++) {
                while (make_text(word[i][k], 3 + any_of(8)) == 0)
                    ;
                list[i][k] = word[i][k];
            }
            rule[i] = (struct table_rule){.name = "r",
                                          .action = TABLE_FORBID,
                                          .target = 0,
                                          .keyword = list[i],
                                          .keywords = words,
                                          .min_bytes = words ? 0 : 9999999,
                                          .inside_words = any_of(2) != 0,
                                          .match_case = any_of(2) != 0};
        }
        x.spec.rule = rule;
        x.spec.rules = RULES;
        cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
        unsigned char *other = malloc(len);
        memcpy(other, bytes, len);
        cr_assert_eq(shunt_open_memory(bytes, len, &t), 0);
        if (!t->automaton) { /* no rule had a keyword */
            shunt_close(t);
            free(bytes);
            free(other);
            continue;
        }
        hide_automaton(other, len);
        cr_assert_eq(shunt_open_memory(other, len, &plain), 0);
        cr_assert_null(plain->automaton);
        for (int i = 0; i < 60; i++) {
            char text[200];
            static struct keyword_hits hits;
            struct shunt_request r = SHUNT_REQUEST_INIT;
            r.text = text;
            r.text_bytes = make_text(text, 2 + any_of(150));
            shunt_find_keywords(t, &r, &hits);
            for (unsigned k = 0; k < RULES; k++) {
                int want = 0;
                for (size_t j = 0; j < rule[k].keywords; j++)
                    want |= naive_occurs(text, r.text_bytes, word[k][j], rule[k].inside_words,
                                         rule[k].match_case);
                int got = shunt_rule_matches(t, k, &r, &hits);
                cr_assert_eq(got, want, "round %d: '%s' rule %u", round, text, k);
                cr_assert_eq(shunt_rule_matches(plain, k, &r, NULL), want);
                found += got;
                missed += !got;
            }
        }
        shunt_close(t);
        shunt_close(plain);
        free(bytes);
        free(other);
    }
    cr_assert_gt(found, 20000);
    cr_assert_gt(missed, 20000);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* 5,000 keywords that do not occur: one pass, far from 5,000 passes. */
Test(router_rules, many_keywords_cost_one_pass)
{
    enum { WORDS = 5000, TEXT = 400000 };
    static char word[WORDS][12];
    static const char *list[WORDS];
    struct err e = {0};
    unsigned char *bytes;
    size_t len;
    struct shunt_table *t;
    static struct keyword_hits hits;
    mini_init(&x, 8, 0, 1);
    for (int k = 0; k < WORDS; k++) {
        snprintf(word[k], sizeof word[k], "wo%dx", k * 7919);
        list[k] = word[k];
    }
    x.rule[0] = (struct table_rule){
        .name = "many", .action = TABLE_FORCE, .target = 2, .keyword = list, .keywords = WORDS};
    x.spec.rule = x.rule;
    x.spec.rules = 1;
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(shunt_open_memory(bytes, len, &t), 0);
    cr_assert_not_null(t->automaton);
    char *text = malloc(TEXT);
    for (int i = 0; i < TEXT; i++)
        text[i] = "wo1234567890 wo5"[any_of(16)];
    struct shunt_request r = SHUNT_REQUEST_INIT;
    r.text = text;
    r.text_bytes = TEXT;
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        double from = seconds();
        shunt_find_keywords(t, &r, &hits);
        double took = seconds() - from;
        best = took < best ? took : best;
    }
    cr_assert_eq(shunt_rule_matches(t, 0, &r, &hits), 0);
    cr_assert_lt(best / TEXT, 200e-9, "%.1f ns a byte", best / TEXT * 1e9); /* by hand: 5,000 ns */
    memcpy(text + TEXT - 4, "wo0x", 4); /* and the one at the very end is found */
    text[TEXT - 5] = ' ';
    shunt_find_keywords(t, &r, &hits);
    cr_assert_eq(shunt_rule_matches(t, 0, &r, &hits), 1);
    shunt_close(t);
    free(text);
    free(bytes);
}
