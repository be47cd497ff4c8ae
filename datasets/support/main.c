/* support-gen: writes the support data set as JSON Lines. This file holds the
 * quotas, the order of the output and the options; the tasks are in faq.c,
 * intent.c, extraction.c, invoice.c, refund.c, sql.c, escalation.c, research.c. */
#include "support.h"
#include "traffic.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Requests per level. A research request becomes five rows. */
static const struct quota {
    const char *task;
    void (*make)(struct gen *, enum level, struct item *);
    int count[LEVEL_COUNT];
} quotas[] = {
    {"faq", make_faq, {620, 210, 55}},
    {"intent", make_intent, {640, 160, 40}},
    {"extraction", make_extraction, {360, 190, 65}},
    {"invoice", make_invoice, {290, 170, 75}},
    {"refund", make_refund, {250, 170, 75}},
    {"sql", make_sql, {210, 140, 60}},
    {"escalation", make_escalation, {230, 110, 30}},
    {"research", NULL, {0, 22, 28}},
};
enum { QUOTAS = sizeof quotas / sizeof *quotas, RESEARCH = QUOTAS - 1 };

static const char *const level_names[] = {"simple", "moderate", "complex"};
static const char *const split_names[] = {"train", "validation", "test"};

struct options {
    uint64_t seed;
    const char *handwritten, *out;
    bool with_family;
};

struct row {
    int64_t when;
    int order;              /* as made; breaks ties, so stages stay in order */
    int parent;             /* order of the parent row, or -1 */
    int id;                 /* set after sorting, from 1 */
    struct text head, tail; /* around the id and the parent's id */
};

struct rows {
    struct row *at;
    int n, cap;
};

/* Hashes of the texts so far: open addressing, 0 is empty. */
enum { SEEN_SLOTS = 1 << 15 };
static uint64_t seen[SEEN_SLOTS];

static void die(int code, const char *what, const char *name)
{
    fprintf(stderr, "support-gen: error: %s '%s'%s%s\n", what, name, errno ? ": " : "",
            errno ? strerror(errno) : "");
    exit(code);
}

static void *must_alloc(void *p, size_t bytes)
{
    void *q = realloc(p, bytes);
    if (!q)
        die(7, "out of memory for", "rows");
    return q;
}

/* True if the text, in small letters and with single spaces, was not there yet. */
static bool first_time(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (bool space = false; *s; s++) {
        if (isspace((unsigned char)*s)) {
            space = true;
            continue;
        }
        if (space)
            h = (h ^ ' ') * 0x100000001b3u;
        space = false;
        h = (h ^ (uint64_t)tolower((unsigned char)*s)) * 0x100000001b3u;
    }
    h += h == 0;
    size_t i = (size_t)(h % SEEN_SLOTS);
    while (seen[i] != 0) {
        if (seen[i] == h)
            return false;
        i = (i + 1) % SEEN_SLOTS;
    }
    seen[i] = h;
    return true;
}

static struct row *row_new(struct rows *rows, int64_t when, int parent)
{
    if (rows->n == rows->cap) {
        rows->cap = rows->cap ? rows->cap * 2 : 1024;
        rows->at = must_alloc(rows->at, (size_t)rows->cap * sizeof *rows->at);
    }
    struct row *r = &rows->at[rows->n];
    *r = (struct row){.when = when, .order = rows->n, .parent = parent};
    rows->n++;
    return r;
}

static void put_origin(struct text *t, const struct conversation *c, int number,
                       const struct user *users, int64_t when)
{
    char stamp[21];
    traffic_stamp(when, stamp);
    text_addf(t, "\"user\":\"u%04d\",\"user_class\":\"%s\",\"timestamp\":\"%s\",", c->user + 1,
              users[c->user].class, stamp);
    text_addf(t, "\"group\":\"conv-%05d\",\"split\":\"%s\"", number, split_names[c->split]);
}

static void add_item(struct rows *rows, const struct item *it, const struct conversation *c,
                     int number, const struct user *users, int64_t when, int parent,
                     bool with_family)
{
    struct row *r = row_new(rows, when, parent);
    struct text *h = &r->head, *t = &r->tail;
    text_addf(h, "\"task\":\"%s%s%s\",\"messages\":[", it->task, it->stage ? "." : "",
              it->stage ? it->stage : "");
    if (it->system.len) {
        text_add(h, "{\"role\":\"system\",\"content\":");
        text_json(h, it->system.s);
        text_add(h, "},");
    }
    text_add(h, "{\"role\":\"user\",\"content\":");
    text_json(h, text_str(&it->user));
    text_add(h, "}],");
    put_origin(h, c, number, users, when);

    text_addf(t, ",\"complexity\":\"%s\"", level_names[it->level]);
    if (it->reference.len) {
        text_add(t, ",\"reference\":");
        text_add(t, it->reference.s);
    }
    if (it->grader.len) {
        text_add(t, ",\"grader\":");
        text_add(t, it->grader.s);
    }
    if (it->stage)
        text_addf(t, ",\"stage\":\"%s\"", it->stage);
    if (with_family)
        text_addf(t, ",\"family\":\"%s/%02d\",\"steps\":%d", it->task, it->family, it->steps);
    text_char(t, '}');
}

/* A wanted request: quota and level, or a hand-written line. */
struct want {
    int quota, level;
    const char *line;
};

struct work {
    struct gen g;
    struct rows rows;
    const struct user *users;
    const struct options *opt;
};

static void make_one(struct work *w, const struct want *want, const struct conversation *c,
                     int number, int64_t when)
{
    struct item it;
    for (int tries = 0;; tries++) {
        quotas[want->quota].make(&w->g, (enum level)want->level, &it);
        voice_apply(&w->g, &it);
        if (first_time(text_str(&it.user)))
            break;
        item_free(&it);
        if (tries == 200)
            die(1, "no new wording left for task", quotas[want->quota].task);
    }
    add_item(&w->rows, &it, c, number, w->users, when, -1, w->opt->with_family);
    item_free(&it);
}

static void make_staged(struct work *w, const struct want *want, const struct conversation *c,
                        int number, int64_t when)
{
    struct item it[5];
    for (int tries = 0;; tries++) {
        bool fresh = true;
        make_research(&w->g, (enum level)want->level, it);
        for (int i = 0; i < 5; i++) {
            voice_apply(&w->g, &it[i]);
            fresh = first_time(text_str(&it[i].user)) && fresh;
        }
        if (fresh)
            break;
        for (int i = 0; i < 5; i++)
            item_free(&it[i]);
        if (tries == 200)
            die(1, "no new wording left for task", "research");
    }
    int parent = w->rows.n;
    for (int i = 0; i < 5; i++) {
        add_item(&w->rows, &it[i], c, number, w->users, when, i ? parent : -1, w->opt->with_family);
        item_free(&it[i]);
    }
}

static void make_conversation(struct work *w, const struct conversation *c, int number,
                              const struct want *wants)
{
    int64_t when = c->start;
    w->g.split = c->split;
    w->g.today = (int)(when / 86400);
    w->g.who = &w->users[c->user].who;
    for (int t = 0; t < c->turns; t++) {
        const struct want *want = &wants[c->request[t]];
        w->g.turn = t;
        if (want->line) {
            struct row *r = row_new(&w->rows, when, -1);
            put_origin(&r->head, c, number, w->users, when);
            text_char(&r->tail, ',');
            text_add(&r->tail, want->line + 1); /* behind the opening brace */
        } else if (want->quota == RESEARCH) {
            make_staged(w, want, c, number, when);
        } else {
            make_one(w, want, c, number, when);
        }
        when += rnd_int(&w->g.r, 40, 1500);
    }
}

/* Read the hand-written lines; *lines points into the returned text. */
static char *read_lines(const char *path, char ***lines, int *n)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        die(3, "cannot open", path);
    struct text all = {0};
    char block[65536];
    size_t got;
    while ((got = fread(block, 1, sizeof block, f)) > 0)
        text_add_n(&all, block, got);
    if (ferror(f))
        die(3, "cannot read", path);
    fclose(f);
    *lines = NULL;
    *n = 0;
    char *p = all.s;
    while (p && *p) {
        char *end = strchr(p, '\n');
        if (end)
            *end = '\0';
        if (*p) {
            size_t len = strlen(p);
            errno = 0;
            if (strncmp(p, "{\"task\":", 8) != 0 || p[len - 1] != '}')
                die(4, "a line does not begin with {\"task\": or end with } in", path);
            *lines = must_alloc(*lines, (size_t)(*n + 1) * sizeof **lines);
            (*lines)[(*n)++] = p;
        }
        p = end ? end + 1 : NULL;
    }
    return all.s;
}

static int earlier_row(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->when != y->when)
        return x->when < y->when ? -1 : 1;
    return x->order - y->order;
}

static void write_rows(struct rows *rows, const char *path)
{
    struct text tmp = {0};
    FILE *f = stdout;
    if (strcmp(path, "-") != 0) {
        text_addf(&tmp, "%s.tmp", path);
        f = fopen(tmp.s, "wb");
        if (!f)
            die(3, "cannot create", tmp.s);
    }
    qsort(rows->at, (size_t)rows->n, sizeof *rows->at, earlier_row);
    int *id_of = must_alloc(NULL, (size_t)rows->n * sizeof *id_of);
    for (int i = 0; i < rows->n; i++)
        id_of[rows->at[i].order] = i + 1;
    for (int i = 0; i < rows->n; i++) {
        struct row *r = &rows->at[i];
        fprintf(f, "{\"id\":\"support-%06d\",%s", i + 1, text_str(&r->head));
        if (r->parent >= 0)
            fprintf(f, ",\"parent\":\"support-%06d\"", id_of[r->parent]);
        fprintf(f, "%s\n", text_str(&r->tail));
        text_free(&r->head);
        text_free(&r->tail);
    }
    free(id_of);
    if (fflush(f) != 0 || ferror(f))
        die(3, "cannot write", path);
    if (f != stdout && (fclose(f) != 0 || rename(tmp.s, path) != 0))
        die(3, "cannot write", path);
    text_free(&tmp);
}

static void usage(FILE *f)
{
    fputs("usage: support-gen [--seed N] [--handwritten FILE] [--with-family] -o FILE|-\n"
          "Write the support data set as JSON Lines.\n"
          "  --seed N            another draw (default 1)\n"
          "  --handwritten FILE  merge these requests, one JSON object a line\n"
          "  --with-family       also write the phrasing family and the steps of each prompt\n"
          "  -o FILE             output, - for stdout\n",
          f);
}

static void parse(int argc, char **argv, struct options *o)
{
    *o = (struct options){.seed = 1};
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0) {
            usage(stdout);
            exit(0);
        }
        if (strcmp(a, "--with-family") == 0) {
            o->with_family = true;
            continue;
        }
        bool known =
            strcmp(a, "--seed") == 0 || strcmp(a, "--handwritten") == 0 || strcmp(a, "-o") == 0;
        char *end = NULL;
        errno = 0; /* nothing so far says anything about the system */
        if (!known || !value)
            die(2, known ? "no value for option" : "unknown option", a);
        if (strcmp(a, "-o") == 0) {
            o->out = value;
        } else if (strcmp(a, "--handwritten") == 0) {
            o->handwritten = value;
        } else {
            o->seed = strtoull(value, &end, 10);
            if (!isdigit((unsigned char)*value) || *end || errno)
                die(2, "--seed wants a whole number, not", value);
        }
        i++;
    }
    if (!o->out) {
        usage(stderr);
        exit(2);
    }
}

/* Every wanted request, generated ones first. */
static struct want *list_wants(char **lines, int n_lines, int *n, int *generated)
{
    struct want *wants = NULL;
    *n = 0;
    for (int q = 0; q < QUOTAS; q++)
        for (int l = 0; l < LEVEL_COUNT; l++)
            for (int i = 0; i < quotas[q].count[l]; i++) {
                wants = must_alloc(wants, (size_t)(*n + 1) * sizeof *wants);
                wants[(*n)++] = (struct want){q, l, NULL};
            }
    *generated = *n;
    for (int i = 0; i < n_lines; i++) {
        wants = must_alloc(wants, (size_t)(*n + 1) * sizeof *wants);
        wants[(*n)++] = (struct want){0, 0, lines[i]};
    }
    return wants;
}

int main(int argc, char **argv)
{
    struct options opt;
    parse(argc, argv, &opt);
    char **lines = NULL;
    int n_lines = 0, n, generated;
    char *text = opt.handwritten ? read_lines(opt.handwritten, &lines, &n_lines) : NULL;
    struct want *wants = list_wants(lines, n_lines, &n, &generated);

    static struct user users[USER_COUNT];
    struct work w = {.g.r = {opt.seed}, .users = users, .opt = &opt};
    w.g.rotate = (int)(opt.seed % 5);
    traffic_users(&w.g.r, users);
    int *order = must_alloc(NULL, (size_t)n * sizeof *order);
    for (int i = 0; i < n; i++)
        order[i] = i;
    /* Hand-written lines are all shuffled in: each is a family of its own. */
    rnd_shuffle_int(&w.g.r, order, n);
    struct conversation *talks = must_alloc(NULL, (size_t)n * sizeof *talks);
    int count = traffic_deal(&w.g.r, users, order, n, talks);
    for (int i = 0; i < count; i++)
        make_conversation(&w, &talks[i], i + 1, wants);
    write_rows(&w.rows, opt.out);
    free(w.rows.at);
    free(talks);
    free(order);
    free(wants);
    free(lines);
    free(text);
    return 0;
}
