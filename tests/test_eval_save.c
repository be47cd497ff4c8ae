/* A result in the store: what reports and compile will read is what was found. */
#include "eval/save.h"
#include "store/policy.h"
#include "store/result.h"
#include "tests/eval_fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct store *store;
static char path[64];

static void open_store(void)
{
    snprintf(path, sizeof path, "/tmp/shunt-save-XXXXXX");
    const int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    struct err e = {0};
    cr_assert(store_open(path, STORE_CREATE, &store, &e) == 0, "%s", e.text);
}

static void close_store(void)
{
    store_close(store);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

TestSuite(save, .init = open_store, .fini = close_store);

struct seen {
    const struct eval_result *result;
    size_t metrics, rows, slices, shares, comparisons;
};

static int see_evaluation(void *arg, const struct evaluation *v, struct err *e)
{
    struct seen *s = arg;
    (void)e;
    cr_assert(strcmp(v->split, "cross-fit") == 0);
    if (strcmp(v->kind, "metric") == 0) {
        int k = 0;
        while (strcmp(metric_names[k], v->metric) != 0)
            cr_assert(++k < METRICS, "%s", v->metric);
        near_to(v->metric, v->value, s->result->metric.value[k], 0);
        near_to(v->metric, v->hi, s->result->metric.hi[k], 0);
        s->metrics++;
    } else if (strcmp(v->kind, "comparison") == 0) {
        s->comparisons++;
    } else if (strncmp(v->slice, "task:", 5) == 0) {
        s->slices++;
    } else if (strncmp(v->slice, "model:", 6) == 0) {
        s->shares++;
    } else if (strcmp(v->metric, "quality") == 0) {
        const struct policy_row *p = result_find(s->result, v->policy, v->kind);
        near_to(v->policy, v->value, p->quality.value, 0);
        cr_assert(v->n == 600);
        s->rows++;
    }
    return 0;
}

struct curve_seen {
    size_t curve, hull, calibration, days;
    double last_x;
};

static int see_series(void *arg, const struct series_row *r, struct err *e)
{
    struct curve_seen *s = arg;
    (void)e;
    s->curve += strcmp(r->name, "curve") == 0 && strcmp(r->policy, "router") == 0;
    if (strcmp(r->name, "hull") == 0 && strcmp(r->policy, "router") == 0) {
        cr_assert(s->hull == 0 || r->x > s->last_x, "a hull goes right");
        s->last_x = r->x;
        s->hull++;
    }
    if (strcmp(r->name, "calibration:m0") == 0) {
        cr_assert(r->lo <= r->y && r->y <= r->hi && r->x >= 0 && r->x <= 1);
        s->calibration++;
    }
    s->days += strcmp(r->name, "cost_per_day") == 0 && strcmp(r->policy, "balanced") == 0;
    return 0;
}

static int see_note(void *arg, const char *key, const char *text, struct err *e)
{
    (void)e;
    *(int *)arg += strcmp(key, "verdict") == 0 && text[0] != '\0';
    *(int *)arg += strcmp(key, "best_single") == 0 && strcmp(text, "m2") == 0;
    return 0;
}

static void check_points(const struct eval_result *r, int64_t router, size_t want)
{
    struct point *p = NULL;
    size_t n = 0;
    struct err e = {0};
    cr_assert(point_load(store, router, &p, &n, &e) == 0, "%s", e.text);
    cr_assert(n == want, "%zu points", n);
    for (size_t k = 0; k < n && k < r->point.n; k++) {
        const struct deployed_point *d = &r->point.v[k];
        const struct guard *g = &d->choice.guard;
        cr_assert(strcmp(p[k].name, d->spec.name) == 0 &&
                  strcmp(p[k].default_model, r->model[g->fallback]) == 0);
        near_to("lambda", p[k].lambda_per_usd, g->lambda, 0);
        cr_assert(p[k].z == g->z || fabs(p[k].z - g->z) < 1e-15);
        near_to("quality", p[k].quality.value, r->policy.v[d->row].quality.value, 0);
        cr_assert(p[k].cell_count >= 1 && p[k].cells[0].task[0] == '\0',
                  "the pooled cell is there");
        for (size_t t = 0; t < r->tasks; t++) { /* each task decides as the guard does */
            const struct point_cell *cell = &p[k].cells[0];
            for (size_t c = 1; c < p[k].cell_count; c++)
                if (strcmp(p[k].cells[c].task, r->task[t]) == 0)
                    cell = &p[k].cells[c];
            for (int j = 0; j < 3; j++)
                cr_assert(cell->pass[j] == (g->pass[t] >> j & 1), "point %s task %zu tercile %d",
                          p[k].name, t, j);
        }
    }
    point_free(p, n);
}

Test(save, everything_comes_out_again)
{
    const struct world w = {600, 3, 4, 1, .05, 1};
    const struct eval_options o = {.seed = 1, .resamples = 1000, .router = "r1"};
    struct eval_set s;
    struct err e = {0};
    world_set(&w, &s);
    struct eval_result *r = world_evaluate(&s, 5, true, &o, &e);
    cr_assert(r != NULL, "%s", e.text);
    char name[] = "r1", encoder[] = "hashed", mode[] = "cross-fit", hash[] = "h",
         models[] = "[\"m0\",\"m1\",\"m2\"]", metrics[] = "{}";
    struct router router = {.name = name,
                            .encoder = encoder,
                            .mode = mode,
                            .folds = 5,
                            .data_hash = hash,
                            .models = models,
                            .metrics = metrics};
    cr_assert(router_put(store, &router, &e) == 0, "%s", e.text);
    char *argv[] = {name, NULL};
    int64_t run = 0, newest = 0;
    cr_assert(run_begin(store, 1, argv, 1, &run, &e) == 0, "%s", e.text);
    cr_assert(eval_save(store, run, router.id, false, r, &e) == 0, "%s", e.text);
    cr_assert(run_end(store, run, 0, &e) == 0, "%s", e.text);

    struct seen seen = {.result = r};
    cr_assert(evaluation_each(store, router.id, &newest, see_evaluation, &seen, &e) == 0, "%s",
              e.text);
    cr_assert(newest == run);
    cr_assert(seen.metrics > 10 && seen.rows >= 12 && seen.comparisons >= 10 && seen.shares >= 9,
              "%zu %zu %zu %zu", seen.metrics, seen.rows, seen.comparisons, seen.shares);
    cr_assert(seen.slices >= 4 * 2 * 6, "%zu", seen.slices);
    struct curve_seen curves = {0};
    cr_assert(series_each(store, run, NULL, see_series, &curves, &e) == 0, "%s", e.text);
    cr_assert(curves.curve > 50 && curves.curve <= 201 && curves.hull > 2 &&
                  curves.calibration > 5 && curves.days == 26,
              "%zu %zu %zu %zu", curves.curve, curves.hull, curves.calibration, curves.days);
    int notes = 0;
    cr_assert(note_each(store, run, see_note, &notes, &e) == 0 && notes == 2, "%d", notes);
    check_points(r, router.id, 3);
    /* A subset changes no point, a full evaluation replaces them. */
    r->point.v[0].spec.name[0] = 'x';
    cr_assert(eval_save(store, run, router.id, true, r, &e) == 0, "%s", e.text);
    r->point.v[0].spec.name[0] = 'c';
    check_points(r, router.id, 3);
    cr_assert(eval_save(store, run, router.id, false, r, &e) == 0, "%s", e.text);
    check_points(r, router.id, 3);
    eval_result_free(r);
    eval_set_deinit(&s);
}
