/* Curves, hulls, areas and the metrics made of them: against brute force in Python
 * (vectors/eval_curves.py), and against lambdas tried one by one. */
#include "core/fs.h"
#include "core/json.h"
#include "eval/curve.h"
#include "eval/metrics.h"
#include "tests/eval_fixture.h"

#include <string.h>

static struct json *vectors(void)
{
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    struct json *j = NULL;
    cr_assert(fs_read_all("tests/vectors/eval_curves.json", 1 << 22, &text, &len, &e) == 0, "%s",
              e.text);
    cr_assert(json_parse(text, len, &j, &e) == 0, "%s", e.text);
    free(text);
    return j;
}

static void read_array(const struct json *j, const char *key, double *out)
{
    for (const struct json *x = json_first(json_get(j, key)); x; x = json_next(x))
        *out++ = json_num(x, NAN);
}

static void read_set(const struct json *j, struct eval_set *s)
{
    const size_t n = (size_t)json_num(json_get(j, "n"), 0),
                 models = (size_t)json_num(json_get(j, "models"), 0);
    eval_set_init(s, n, models);
    s->tasks = 1;
    s->groups = n;
    read_array(j, "q", s->q);
    read_array(j, "c", s->c);
    read_array(j, "score", s->score);
    read_array(j, "cost", s->cost);
    read_array(j, "weight", s->weight);
    for (size_t i = 0; i < n; i++)
        s->group[i] = (int32_t)i;
}

static void check_hull(const struct json *j, const struct sweep *w)
{
    double *x = mem_array(4 * w->points, sizeof *x), *y = x + w->points, *hx = y + w->points,
           *hy = hx + w->points;
    double wx[64], wy[64];
    for (size_t k = 0; k < w->points; k++) {
        x[k] = w->point[k].x;
        y[k] = w->point[k].y;
    }
    curve_sort(x, y, w->points);
    const size_t h = curve_hull(x, y, w->points, hx, hy), want = json_count(json_get(j, "hull_x"));
    cr_assert(h == want, "hull has %zu vertices, not %zu", h, want);
    read_array(j, "hull_x", wx);
    read_array(j, "hull_y", wy);
    for (size_t k = 0; k < h; k++) {
        near_to("hull x", hx[k], wx[k], 1e-12);
        near_to("hull y", hy[k], wy[k], 1e-12);
    }
    free(x);
}

static void check_metric(const struct json *j, const double *got, enum metric k, const char *key,
                         double tolerance)
{
    const struct json *want = json_get(j, key);
    const double absent =
        strncmp(key, "cpt", 3) == 0 || strncmp(key, "cost", 4) == 0 ? INFINITY : NAN;
    if (json_type(want) == JSON_ABSENT && strncmp(key, "cost", 4) != 0)
        return;
    near_to(key, got[k], json_num(want, absent), tolerance);
}

Test(curve, metrics_agree_with_brute_force)
{
    struct json *all = vectors();
    size_t seen = 0;
    for (const struct json *j = json_first(json_get(all, "cases")); j; j = json_next(j), seen++) {
        struct eval_set s;
        struct sweep w, pair = {0};
        read_set(j, &s);
        cr_assert(sweep_run(&s, s.q, s.c, s.score, s.cost, &w));
        check_hull(j, &w);
        double *oracle = mem_array(s.n, sizeof *oracle);
        for (size_t i = 0; i < s.n; i++)
            for (size_t m = 0; m < s.models; m++)
                oracle[i] = fmax(oracle[i], s.score[i * s.models + m]);
        struct metric_source src = {
            .set = &s, .cost_known = true, .router = &w, .strong = 1, .oracle = oracle};
        if (s.models == 2) {
            sweep_pair(&s, s.q, 0, 1, &pair);
            src.router_pair = &pair;
        }
        struct boot b;
        struct metric_result r;
        boot_init(&b, &s, 1000, 1, BOOT_BUCKETS);
        metric_run(&src, &b, &r);
        check_metric(j, r.value, METRIC_AIQ, "aiq", 1e-12);
        check_metric(j, r.value, METRIC_AIQ_RAW, "aiq_raw", 1e-12);
        check_metric(j, r.value, METRIC_AIQ_SINGLES, "aiq_singles", 1e-12);
        check_metric(j, r.value, METRIC_ORACLE_QUALITY, "oracle_quality", 1e-12);
        check_metric(j, r.value, METRIC_COST_SHARE_AT_BEST_SINGLE, "cost_share_at_best_single",
                     1e-12);
        check_metric(j, r.value, METRIC_QUALITY_AT_BEST_SINGLE_COST, "quality_at_best_single_cost",
                     1e-12);
        check_metric(j, r.value, METRIC_APGR, "apgr", 1e-12);
        check_metric(j, r.value, METRIC_CPT50, "cpt50", 1e-6);
        check_metric(j, r.value, METRIC_CPT80, "cpt80", 1e-6);
        near_to("lambda 0", w.point[0].y, json_num(json_get(j, "quality_at_lambda_0"), NAN), 1e-12);
        for (int k = 0; k < METRICS; k++)
            if (isfinite(r.lo[k]) && isfinite(r.value[k]))
                cr_assert(r.lo[k] <= r.value[k] + .1 && r.hi[k] >= r.value[k] - .1 &&
                              r.lo[k] <= r.hi[k],
                          "%s %g [%g, %g]", metric_names[k], r.value[k], r.lo[k], r.hi[k]);
        metric_result_deinit(&r);
        boot_deinit(&b);
        free(oracle);
        sweep_deinit(&w);
        sweep_deinit(&pair);
        eval_set_deinit(&s);
    }
    cr_assert(seen == 6);
    json_free(all);
}

/* Mean observed cost and quality of argmax at one lambda, prompt by prompt. */
static struct sweep_point at_lambda(const struct eval_set *s, double lambda)
{
    struct sweep_point p = {lambda, 0, 0};
    double weight = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models;
        const int m = eval_choose(s->models, s->q + row, s->c + row, s->t + row, lambda, 0);
        p.x += s->weight[i] * s->cost[row + (size_t)m];
        p.y += s->weight[i] * s->score[row + (size_t)m];
        weight += s->weight[i];
    }
    p.x /= weight;
    p.y /= weight;
    return p;
}

Test(curve, a_sweep_is_the_decision_rule_at_every_lambda)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        const struct world w = {300, 2 + seed % 5, 3, 1, .2, seed};
        struct eval_set s;
        struct sweep c;
        world_set(&w, &s);
        if (seed % 2) /* ties: equal expectations and equal costs */
            for (size_t k = 0; k < s.n * s.models; k++) {
                s.q[k] = round(s.q[k] * 8) / 8;
                s.c[k] = round(s.c[k] * 4e4) / 4e4;
            }
        cr_assert(sweep_run(&s, s.q, s.c, s.score, s.cost, &c));
        for (size_t k = 0; k + 1 < c.points; k++) {
            const double next = c.point[k + 1].lambda, here = c.point[k].lambda;
            if (next - here < 1e-9 * here)
                continue; /* rounding decides between two breakpoints as near as that */
            const struct sweep_point p = at_lambda(&s, k == 0        ? 0
                                                       : isinf(next) ? here * 2
                                                                     : (here + next) / 2);
            near_to("cost", c.point[k].x, p.x, 1e-15);
            near_to("quality", c.point[k].y, p.y, 1e-12);
        }
        cr_assert(isinf(c.point[c.points - 1].lambda));
        for (size_t k = 1; k < c.points; k++)
            cr_assert(c.point[k].lambda > c.point[k - 1].lambda);
        sweep_deinit(&c);
        eval_set_deinit(&s);
    }
}

Test(curve, sorting_is_stable_and_thinning_keeps_the_ends)
{
    struct rng r;
    rng_seed(&r, 5);
    for (size_t n = 1; n <= 20000; n = n * 3 + 1) {
        struct sweep_event *v = mem_array(n, sizeof *v);
        for (size_t i = 0; i < n; i++)
            v[i] = (struct sweep_event){floor(rng_normal(&r) * 50) / 7, (uint32_t)i, 0, 0};
        sweep_sort(v, n);
        for (size_t i = 1; i < n; i++)
            cr_assert(v[i - 1].key < v[i].key ||
                          (v[i - 1].key == v[i].key && v[i - 1].prompt < v[i].prompt),
                      "%zu of %zu", i, n);
        double *x = mem_array(2 * n, sizeof *x), *y = x + n;
        for (size_t i = 0; i < n; i++) {
            x[i] = -v[i].key + .3 * rng_normal(&r);
            y[i] = rng_normal(&r);
        }
        curve_sort(x, y, n);
        for (size_t i = 1; i < n; i++)
            cr_assert(x[i - 1] <= x[i]);
        free(x);
        free(v);
    }
    const struct world w = {5000, 4, 3, 1, .2, 9};
    struct eval_set s;
    struct sweep c;
    world_set(&w, &s);
    sweep_run(&s, s.q, s.c, s.score, s.cost, &c);
    size_t keep[200];
    for (size_t max = 4; max <= 200; max += 49) {
        const size_t n = sweep_thin(&c, max, keep);
        cr_assert(n <= max && n >= max / 2, "%zu of %zu", n, max);
        cr_assert(keep[0] == 0 && keep[n - 1] == c.points - 1 && keep[n - 2] == c.points - 2);
        for (size_t k = 1; k < n; k++)
            cr_assert(keep[k] > keep[k - 1]);
    }
    sweep_deinit(&c);
    eval_set_deinit(&s);
}

Test(curve, readings_at_the_edges)
{
    const double x[] = {1, 2, 2, 4}, y[] = {0, 1, 3, 3.5};
    near_to("left of all", curve_at(x, y, 4, 0), 0, 0);
    near_to("right of all", curve_at(x, y, 4, 9), 3.5, 0);
    near_to("between", curve_at(x, y, 4, 1.5), .5, 1e-15);
    near_to("area with a step", curve_area(x, y, 4, 1, 4), (.5 + 6.5) / 3, 1e-15);
    near_to("area beyond both ends", curve_area(x, y, 4, 0, 5), (0 + .5 + 6.5 + 3.5) / 5, 1e-15);
    cr_assert(isnan(curve_area(x, y, 4, 2, 2)) && isnan(curve_at(x, y, 0, 1)));
    near_to("reach", curve_reach(x, y, 4, 3.25), 3, 1e-15);
    cr_assert(isinf(curve_reach(x, y, 4, 3.6)));
    const double share[] = {0, .25, .5, 1}, q[] = {.5, .7, .6, .9};
    near_to("apgr", curve_apgr(share, q, 4, .5, .9), (.25 * .1 + .25 * .15 + .5 * .25) / .4, 1e-15);
    near_to("cpt of a running maximum", curve_cpt(share, q, 4, .5, .9, .6), .5 + .5 * (.04 / .2),
            1e-12);
    near_to("cpt on the way up", curve_cpt(share, q, 4, .5, .9, .25), .125, 1e-15);
}
