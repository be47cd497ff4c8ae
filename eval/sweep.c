/* Breakpoints of every prompt's upper envelope, sorted and swept. Hulls and areas are curve.c,
 * intervals of a curve are boot.c. */
#include "eval/sweep.h"

#include "core/mem.h"
#include "core/vec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Doubles as integers in the same order; -0 and 0 are made equal first. */
static uint64_t ordered_bits(double x)
{
    uint64_t u;
    x = x + 0.0;
    memcpy(&u, &x, sizeof u);
    return u >> 63 ? ~u : u | (uint64_t)1 << 63;
}

static int by_key(const void *a, const void *b)
{
    const struct sweep_event *x = a, *y = b;
    if (x->key < y->key || x->key > y->key)
        return x->key < y->key ? -1 : 1;
    return (x->prompt > y->prompt) - (x->prompt < y->prompt);
}

/* Least significant digit first, 11 bits at a time; a digit that all keys share is skipped. */
void sweep_sort(struct sweep_event *v, size_t n)
{
    enum { BITS = 11, SIZE = 1 << BITS, PASSES = 6 };
    if (n < 2)
        return; /* v may be NULL */
    if (n < 2048) {
        qsort(v, n, sizeof *v, by_key);
        return;
    }
    AUTO_FREE size_t *count = mem_array((size_t)PASSES * SIZE, sizeof *count);
    for (size_t i = 0; i < n; i++) {
        uint64_t u = ordered_bits(v[i].key);
        for (int p = 0; p < PASSES; p++)
            count[p * SIZE + (int)(u >> (p * BITS) & (SIZE - 1))]++;
    }
    struct sweep_event *from = v, *spare = mem_array(n, sizeof *spare), *to = spare;
    for (int p = 0; p < PASSES; p++) {
        size_t *c = count + (size_t)p * SIZE, sum = 0;
        bool trivial = false;
        for (int d = 0; d < SIZE; d++) {
            trivial = trivial || c[d] == n;
            size_t here = c[d];
            c[d] = sum;
            sum += here;
        }
        if (trivial)
            continue;
        for (size_t i = 0; i < n; i++)
            to[c[ordered_bits(from[i].key) >> (p * BITS) & (SIZE - 1)]++] = from[i];
        struct sweep_event *swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
    free(spare);
}

struct event_vec VEC_BODY(struct sweep_event);

/* Appends prompt i's breakpoints; returns its choice at lambda 0, or -1. */
static int envelope(size_t i, size_t models, const double *q, const double *x,
                    struct event_vec *events)
{
    int cur = -1;
    for (size_t m = 0; m < models; m++) {
        if (isnan(q[m]) || isnan(x[m]))
            continue;
        if (cur < 0 || q[m] > q[cur] || (q[m] >= q[cur] && x[m] < x[cur]))
            cur = (int)m;
    }
    const int first = cur;
    double lambda = 0;
    while (cur >= 0) {
        int next = -1;
        double at = 0;
        for (size_t m = 0; m < models; m++) {
            if (isnan(q[m]) || !(x[m] < x[cur]))
                continue;
            double l = (q[cur] - q[m]) / (x[cur] - x[m]);
            if (next < 0 || l < at || (l <= at && x[m] < x[next])) {
                next = (int)m;
                at = l;
            }
        }
        if (next < 0 || isinf(at))
            break;
        lambda = at > lambda ? at : lambda; /* rounding must not undo the order */
        struct sweep_event e = {lambda, (uint32_t)i, (uint16_t)cur, (uint16_t)next};
        VEC_PUSH(events, e);
        cur = next;
    }
    return first;
}

/* Walks the sorted events and records one point per distinct key. */
static void walk(const struct eval_set *s, const double *real_y, const double *real_x,
                 struct sweep *w)
{
    long double x = 0, y = 0, weight = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t k = i * s->models + w->first[i];
        x += (long double)s->weight[i] * (long double)real_x[k];
        y += (long double)s->weight[i] * (long double)real_y[k];
        weight += (long double)s->weight[i];
    }
    w->weight = (double)weight;
    w->point = mem_array(w->events + 2, sizeof *w->point);
    w->point[0] = (struct sweep_point){0, (double)(x / weight), (double)(y / weight)};
    w->points = 1;
    for (size_t e = 0; e < w->events;) {
        const double key = w->event[e].key;
        for (; e < w->events && w->event[e].key <= key; e++) {
            const struct sweep_event *v = &w->event[e];
            const size_t row = v->prompt * s->models;
            const long double g = (long double)s->weight[v->prompt];
            x += g * ((long double)real_x[row + v->to] - (long double)real_x[row + v->from]);
            y += g * ((long double)real_y[row + v->to] - (long double)real_y[row + v->from]);
        }
        w->point[w->points++] =
            (struct sweep_point){key, (double)(x / weight), (double)(y / weight)};
    }
}

static void take_events(struct sweep *w, struct event_vec *events)
{
    sweep_sort(events->v, events->n);
    w->event = events->v;
    w->events = events->n;
}

bool sweep_run(const struct eval_set *s, const double *q, const double *x, const double *real_y,
               const double *real_x, struct sweep *out)
{
    *out = (struct sweep){.n = s->n, .models = s->models};
    struct event_vec events = {0};
    out->first = mem_array(s->n, sizeof *out->first);
    for (size_t i = 0; i < s->n; i++) {
        int m = envelope(i, s->models, q + i * s->models, x + i * s->models, &events);
        if (m < 0) {
            VEC_FREE(&events);
            sweep_deinit(out);
            return false;
        }
        out->first[i] = (uint16_t)m;
    }
    take_events(out, &events);
    if (s->n == 0)
        return false;
    walk(s, real_y, real_x, out);

    size_t cheapest = 0;
    double least = INFINITY;
    for (size_t m = 0; m < s->models; m++) {
        double mean = eval_set_mean(s, real_x, m);
        if (mean < least) {
            least = mean;
            cheapest = m;
        }
    }
    if (isfinite(least))
        out->point[out->points++] =
            (struct sweep_point){(double)INFINITY, least, eval_set_mean(s, real_y, cheapest)};
    return true;
}

void sweep_pair(const struct eval_set *s, const double *q, size_t weak, size_t strong,
                struct sweep *out)
{
    *out = (struct sweep){.n = s->n, .models = s->models};
    struct event_vec events = {0};
    VEC_RESERVE(&events, s->n);
    out->first = mem_array(s->n, sizeof *out->first);
    AUTO_FREE double *share = mem_array(s->n * s->models, sizeof *share);
    for (size_t i = 0; i < s->n; i++) {
        const double *row = q + i * s->models;
        struct sweep_event e = {row[weak] - row[strong], (uint32_t)i, (uint16_t)weak,
                                (uint16_t)strong};
        VEC_PUSH(&events, e);
        out->first[i] = (uint16_t)weak;
        share[i * s->models + strong] = 1;
    }
    take_events(out, &events);
    if (s->n > 0)
        walk(s, s->score, share, out);
}

void sweep_deinit(struct sweep *w)
{
    if (!w)
        return;
    free(w->first);
    free(w->event);
    free(w->point);
    *w = (struct sweep){0};
}

size_t sweep_thin(const struct sweep *w, size_t max, size_t *keep)
{
    if (w->points <= max) {
        for (size_t k = 0; k < w->points; k++)
            keep[k] = k;
        return w->points;
    }
    double travel = 0;
    for (size_t k = 1; k < w->points; k++)
        travel += fabs(w->point[k].x - w->point[k - 1].x);
    /* Each step costs its share of the way and of the breakpoints; one point per unit of budget. */
    const double budget = 2.0 / (double)(max - 3);
    double spent = 0;
    size_t n = 0;
    keep[n++] = 0;
    for (size_t k = 1; k + 2 < w->points; k++) {
        spent += 1.0 / (double)w->points;
        if (travel > 0)
            spent += fabs(w->point[k].x - w->point[k - 1].x) / travel;
        if (spent >= budget && n + 2 < max) {
            keep[n++] = k;
            spent -= budget;
        }
    }
    keep[n++] = w->points - 2;
    keep[n++] = w->points - 1;
    return n;
}
