/* Finding equal columns and placing what is left, on several threads: each sums up and later writes
 * a range of rows. Columns are compared by a 64-bit sum over their rows and values: that any two
 * differ in spite of equal sums has a chance of some 1e-8 at a million columns. What a row holds is
 * train/space.c.
 */
#include "train/narrow.h"

#include "core/mem.h"
#include "core/thread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 33 }; /* of frequency: the bit length of a 32-bit count */

struct column {
    uint64_t sum;  /* over rows: mix(row, value) */
    uint32_t rows; /* that have it; 0: none */
    uint32_t at;   /* its group, later the group's column */
};

/* A range of rows, of one thread. */
struct part {
    size_t first, end;
    struct column *column; /* [columns] */
    uint32_t *seen;        /* [seens] columns in order of first occurrence */
    size_t seens;
};

struct narrowing {
    const struct space *s;
    const struct corpus *c;
    const uint32_t *prompt;
    size_t n;
    struct part *part; /* [parts]; part 0 has the sums over all in the end */
    size_t parts;
    uint32_t *leader; /* [groups] first column of each, in order of first occurrence */
    double *grow;     /* [columns] of a leader: square root of the columns in its group, else 0 */
    size_t groups;
    uint32_t *to;
    double *share;
    struct rows *rows;
};

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014, OOPSLA). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

static void sum_part(void *arg, size_t k)
{
    struct narrowing *w = arg;
    struct part *p = &w->part[k];
    AUTO_FREE uint32_t *column = mem_array(space_row_max(w->c), sizeof *column);
    AUTO_FREE double *value = mem_array(space_row_max(w->c), sizeof *value);
    p->column = mem_array(w->s->columns, sizeof *p->column);
    p->seen = mem_array(w->s->columns, sizeof *p->seen);
    for (size_t i = p->first; i < p->end; i++) {
        size_t count = space_row(w->s, w->c, w->prompt[i], column, value);
        uint64_t row = mix(i + 0x9e3779b97f4a7c15U);
        for (size_t j = 0; j < count; j++) {
            struct column *x = &p->column[column[j]];
            uint64_t bits;
            memcpy(&bits, &value[j], sizeof bits);
            x->sum += mix(row ^ bits);
            if (x->rows++ == 0)
                p->seen[p->seens++] = column[j];
        }
    }
}

/* All sums into part 0, whose order of first occurrence is then that of all rows. */
static void add_parts(struct narrowing *w)
{
    struct part *all = &w->part[0];
    for (size_t k = 1; k < w->parts; k++) {
        const struct part *p = &w->part[k];
        for (size_t j = 0; j < p->seens; j++) {
            const struct column *from = &p->column[p->seen[j]];
            struct column *x = &all->column[p->seen[j]];
            if (x->rows == 0)
                all->seen[all->seens++] = p->seen[j];
            x->sum += from->sum;
            x->rows += from->rows;
        }
        free(p->column);
        free(p->seen);
    }
}

/* Groups of equal columns by a hash table of their leaders. */
static void group_columns(struct narrowing *w)
{
    const struct part *all = &w->part[0];
    size_t slots = 16;
    while (slots < 2 * all->seens)
        slots *= 2;
    AUTO_FREE uint32_t *slot = mem_array(slots, sizeof *slot); /* group + 1, 0: free */
    for (size_t k = 0; k < all->seens; k++) {
        struct column *x = &all->column[all->seen[k]];
        size_t at = (size_t)x->sum & (slots - 1);
        for (; slot[at] != 0; at = (at + 1) & (slots - 1)) {
            const struct column *y = &all->column[w->leader[slot[at] - 1]];
            if (y->sum == x->sum && y->rows == x->rows)
                break;
        }
        if (slot[at] == 0) {
            w->leader[w->groups] = all->seen[k];
            slot[at] = (uint32_t)++w->groups;
        }
        x->at = slot[at] - 1;
        w->grow[w->leader[x->at]] += 1;
    }
    for (size_t g = 0; g < w->groups; g++)
        w->grow[w->leader[g]] = sqrt(w->grow[w->leader[g]]);
}

static unsigned class_of(const struct narrowing *w, size_t group)
{
    unsigned bits = 0;
    for (uint32_t rows = w->part[0].column[w->leader[group]].rows; rows > 0; rows >>= 1)
        bits++;
    return CLASSES - bits;
}

/* The frequent first, so that their weights stay in the nearest cache; of one class in order of
 * first occurrence, so that those of one row lie together. */
static void place_groups(struct narrowing *w)
{
    const struct part *all = &w->part[0];
    AUTO_FREE uint32_t *place = mem_array(w->groups, sizeof *place);
    uint32_t next[CLASSES + 1] = {0};
    for (size_t g = 0; g < w->groups; g++)
        next[class_of(w, g)]++;
    for (uint32_t k = 0, sum = 0; k <= CLASSES; k++) {
        uint32_t here = next[k];
        next[k] = sum;
        sum += here;
    }
    for (size_t g = 0; g < w->groups; g++)
        place[g] = next[class_of(w, g)]++;
    for (size_t i = 0; i < w->s->columns; i++)
        w->to[i] = ROWS_NOWHERE;
    for (size_t k = 0; k < all->seens; k++) {
        uint32_t i = all->seen[k], g = all->column[i].at;
        w->to[i] = place[g];
        w->share[i] = 1.0 / w->grow[w->leader[g]];
    }
}

static size_t nodes_most(const struct narrowing *w, size_t first, size_t end)
{
    size_t n = 0, each = SHUNT_FEATURES + 1 + (w->s->use.dense ? w->c->dims : 0);
    for (size_t i = first; i < end; i++)
        n += each +
             (w->s->use.hashed ? w->c->start[w->prompt[i] + 1] - w->c->start[w->prompt[i]] : 0);
    return n;
}

static void write_part(void *arg, size_t k)
{
    struct narrowing *w = arg;
    const struct part *p = &w->part[k];
    AUTO_FREE uint32_t *column = mem_array(space_row_max(w->c), sizeof *column);
    AUTO_FREE double *value = mem_array(space_row_max(w->c), sizeof *value);
    size_t at = nodes_most(w, 0, p->first) + 2 * p->first; /* pages between parts stay untouched */
    for (size_t i = p->first; i < p->end; i++) {
        size_t count = space_row(w->s, w->c, w->prompt[i], column, value), kept = 0;
        for (size_t j = 0; j < count; j++)
            if (w->grow[column[j]] > 0) {
                value[kept] = value[j] * w->grow[column[j]];
                column[kept++] = w->to[column[j]];
            }
        at = rows_put(w->rows, i, at, column, value, kept);
    }
}

struct rows *narrow_rows(const struct space *s, const struct corpus *c, const uint32_t *prompt,
                         size_t n, size_t jobs)
{
    struct narrowing w = {.s = s, .c = c, .prompt = prompt, .n = n};
    w.parts = jobs > 0 ? jobs : thread_cores();
    w.part = mem_array(w.parts, sizeof *w.part);
    for (size_t k = 0; k < w.parts; k++)
        w.part[k] = (struct part){.first = n * k / w.parts, .end = n * (k + 1) / w.parts};
    thread_for(w.parts, jobs, sum_part, &w);
    add_parts(&w);

    w.leader = mem_array(s->columns, sizeof *w.leader);
    w.grow = mem_array(s->columns, sizeof *w.grow);
    w.to = mem_array(s->columns, sizeof *w.to);
    w.share = mem_array(s->columns, sizeof *w.share);
    group_columns(&w);
    place_groups(&w);
    free(w.part[0].column);
    free(w.part[0].seen);

    w.rows = rows_new(n, nodes_most(&w, 0, n), w.groups);
    thread_for(w.parts, jobs, write_part, &w);
    rows_narrow(w.rows, s->columns, w.to, w.share);
    free(w.part);
    free(w.leader);
    free(w.grow);
    return w.rows;
}
