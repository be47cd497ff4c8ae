/* What is chosen: the guard against a naive count, points and their promises, controls against
 * brute force, rules word by word. */
#include "eval/control.h"
#include "eval/guard.h"
#include "eval/points.h"
#include "eval/rules.h"
#include "eval/sweep.h"
#include "tests/eval_fixture.h"

#include <string.h>

/* Mean and clustered error of one cell by looking at every pair of prompts. */
struct leaver {
    int task, tercile, group;
    double gain;
};

static bool naive_pass(const struct leaver *v, size_t n, int task, int tercile, double z)
{
    double sum = 0, count = 0, ss = 0;
    int groups = 0;
    for (size_t i = 0; i < n; i++) {
        if ((task >= 0 && v[i].task != task) || v[i].tercile != tercile)
            continue;
        sum += v[i].gain;
        count++;
    }
    const double mean = sum / count;
    for (int g = 0; g < 2000; g++) {
        double s = 0;
        bool any = false;
        for (size_t i = 0; i < n; i++)
            if ((task < 0 || v[i].task == task) && v[i].tercile == tercile && v[i].group == g) {
                s += v[i].gain - mean;
                any = true;
            }
        groups += any;
        ss += s * s;
    }
    if (task >= 0 && groups < 10)
        return naive_pass(v, n, -1, tercile, z);
    return groups >= 2 && mean > z * sqrt(groups / (groups - 1.0) * ss) / count;
}

Test(choose, the_guard_agrees_with_a_naive_count)
{
    int strict = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const struct world w = {900, 3, 5, 2, .25, seed};
        struct eval_set s;
        struct guard g;
        world_set(&w, &s);
        for (size_t i = 0; i < s.n; i++)
            if (s.task[i] == 4 && i % 40)
                s.task[i] = 0; /* a task of few groups */
        const double lambda = 100 * (double)seed;
        guard_fit(&s, lambda, 0, 1, &g);
        strict += g.z > 0;
        struct leaver *v = mem_array(s.n, sizeof *v);
        size_t n = 0;
        for (size_t i = 0; i < s.n; i++) {
            const double *q = s.q + 3 * i, *c = s.c + 3 * i;
            const int m = eval_choose(3, q, c, s.t + 3 * i, lambda, 0);
            const double gain = q[m] - lambda * c[m] - (q[1] - lambda * c[1]);
            if (m == 1 || gain <= 0)
                continue;
            v[n++] =
                (struct leaver){s.task[i],
                                gain < g.edge[0]   ? 0
                                : gain < g.edge[1] ? 1
                                                   : 2,
                                s.group[i],
                                s.score[3 * i + (size_t)m] - lambda * s.cost[3 * i + (size_t)m] -
                                    (s.score[3 * i + 1] - lambda * s.cost[3 * i + 1])};
        }
        size_t third[3] = {0};
        for (size_t k = 0; k < n; k++)
            third[v[k].tercile]++;
        for (int k = 0; k < 3; k++)
            cr_assert(labs((long)third[k] - (long)(n / 3)) <= 2, "terciles of %zu: %zu", n,
                      third[k]);
        for (int t = 0; t < 5; t++)
            for (int k = 0; k < 3; k++)
                cr_assert((g.pass[t] >> k & 1) == naive_pass(v, n, t, k, g.z),
                          "seed %d task %d tercile %d z %g", (int)seed, t, k, g.z);
        for (int k = 0; k < 3; k++)
            cr_assert((g.pass[5] >> k & 1) == naive_pass(v, n, -1, k, g.z));
        /* The decision itself: what passes is the argmax, all else the default. */
        for (size_t i = 0; i < s.n; i++) {
            const double *q = s.q + 3 * i, *c = s.c + 3 * i, *t = s.t + 3 * i;
            const int m = eval_choose(3, q, c, t, lambda, 0),
                      got = guard_choose(&g, 3, q, c, t, s.task[i]);
            cr_assert(got == 1 || got == m);
            cr_assert(guard_choose(&g, 3, q, c, t, 99) == guard_choose(&g, 3, q, c, t, -1),
                      "unknown tasks are pooled");
        }
        free(v);
        guard_deinit(&g);
        eval_set_deinit(&s);
    }
    cr_assert(strict > 0, "some z is above 0");
}

/* Expectations that are pure noise: nothing may be routed on them. */
Test(choose, noise_is_guarded_against)
{
    int left = 0;
    double gain = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        const struct world w = {400, 3, 2, 1, .1, seed}, other = {400, 3, 2, 1, .1, seed + 500};
        struct eval_set s, fresh;
        struct guard g;
        world_set(&w, &s);
        world_set(&other, &fresh);
        struct rng r;
        rng_seed(&r, seed);
        for (size_t k = 0; k < s.n * 3; k++) {
            s.q[k] = rng_unit(&r);
            fresh.q[k] = rng_unit(&r);
        }
        const int d = control_constant(&s, 0, 0);
        guard_fit(&s, 0, 0, d, &g);
        left += g.leaves;
        for (size_t i = 0; i < fresh.n; i++) {
            const int m = guard_choose(&g, 3, fresh.q + 3 * i, fresh.c + 3 * i, fresh.t + 3 * i,
                                       fresh.task[i]);
            gain += (fresh.score[3 * i + (size_t)m] - fresh.score[3 * i + (size_t)d]) /
                    (double)fresh.n / 30;
        }
        guard_deinit(&g);
        eval_set_deinit(&s);
        eval_set_deinit(&fresh);
    }
    cr_assert(left <= 10, "left the default in %d of 30 worlds of noise", left);
    cr_assert(gain > -.004, "and lost %g by it", gain);
}

static struct point_choice choose(const char *name, const struct eval_set *train,
                                  const struct eval_set *select)
{
    struct point_spec spec;
    struct point_choice c;
    struct err e = {0};
    cr_assert(point_spec_parse(name, &spec, &e) == 0, "%s", e.text);
    cr_assert(point_choose(&spec, train, select, &c, &e) == 0, "%s: %s", name, e.text);
    return c;
}

static void realised(const struct point_choice *c, const struct eval_set *s, double *quality,
                     double *cost, double *latency)
{
    *quality = *cost = *latency = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * s->models;
        const int m = point_model(c, s->models, s->q + row, s->c + row, s->t + row, s->task[i]);
        *quality += s->score[row + (size_t)m] / (double)s->n;
        *cost += s->cost[row + (size_t)m] / (double)s->n;
        *latency += s->latency_ms[row + (size_t)m] / (double)s->n;
    }
}

Test(choose, points_keep_their_promises_on_new_data)
{
    const struct world a = {6000, 3, 4, 1, .05, 1}, b = {6000, 3, 4, 1, .05, 2};
    struct eval_set select, fresh;
    world_set(&a, &select);
    world_set(&b, &fresh);
    double q, c, l, best_q, best_c, balanced_c;
    const int constant = control_constant(&select, 0, 0);
    const double floor = eval_set_mean(&fresh, fresh.score, (size_t)constant);
    const double full = eval_set_mean(&fresh, fresh.cost, (size_t)constant);

    struct point_choice p = choose("best", &select, &select);
    realised(&p, &fresh, &best_q, &best_c, &l);
    cr_assert(best_q > floor, "best %g, constant %g", best_q, floor);
    point_choice_deinit(&p);
    p = choose("balanced", &select, &select);
    realised(&p, &fresh, &q, &balanced_c, &l);
    cr_assert(p.reached && q > floor - .015 && balanced_c < .9 * full, "%g of %g at %g of %g", q,
              floor, balanced_c, full);
    point_choice_deinit(&p);
    p = choose("cheap", &select, &select);
    realised(&p, &fresh, &q, &c, &l);
    cr_assert(q > floor - .035 && c < balanced_c, "%g at %g", q, c);
    point_choice_deinit(&p);
    p = choose("budget=0.00005", &select, &select);
    realised(&p, &fresh, &q, &c, &l);
    cr_assert(p.reached && c < 5.5e-5 && c > 3e-5, "budget: %g", c);
    point_choice_deinit(&p);
    p = choose("budget=0.000000001", &select, &select);
    realised(&p, &fresh, &q, &c, &l);
    cr_assert(!p.reached && c < 1.2e-5, "an impossible budget gives the cheapest: %g", c);
    point_choice_deinit(&p);
    p = choose("quality=0.8", &select, &select);
    realised(&p, &fresh, &q, &c, &l);
    cr_assert(p.reached && fabs(q - .8) < .03, "%g", q);
    point_choice_deinit(&p);
    p = choose("quality=1", &select, &select);
    cr_assert(!p.reached);
    point_choice_deinit(&p);
    p = choose("latency=200ms", &select, &select);
    realised(&p, &fresh, &q, &c, &l);
    cr_assert(p.reached && l < 215 && l > 150, "%g ms", l);
    cr_assert(p.guard.mu > 0 && p.guard.lambda <= 0);
    point_choice_deinit(&p);
    eval_set_deinit(&select);
    eval_set_deinit(&fresh);
}

Test(choose, shares_and_refusals)
{
    const struct world a = {1000, 2, 1, 1, .1, 3};
    struct eval_set s;
    world_set(&a, &s);
    for (int k = 0; k <= 10; k++) {
        char name[32];
        snprintf(name, sizeof name, "share=%g", k / 10.);
        struct point_choice p = choose(name, &s, &s);
        size_t strong = 0;
        for (size_t i = 0; i < s.n; i++)
            strong += point_model(&p, 2, s.q + 2 * i, s.c + 2 * i, s.t + 2 * i, 0) == p.strong;
        cr_assert(labs((long)strong - (long)(100 * k)) <= 30, "share %d0 %% gave %zu of 1000", k,
                  strong);
        point_choice_deinit(&p);
    }
    static const char *const bad[] = {"fast",    "budget",     "best=1",    "quality=2",
                                      "share=x", "latency=3m", "budget=-1", "quality="};
    struct point_spec spec;
    struct err e;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        cr_assert(point_spec_parse(bad[k], &spec, &e) == ERR_USAGE, "%s", bad[k]);
    cr_assert(point_spec_parse("latency=1.5s", &spec, &e) == 0);
    near_to("seconds", spec.value, 1.5, 0);
    cr_assert(point_spec_parse("latency=800", &spec, &e) == 0);
    near_to("milliseconds", spec.value, .8, 1e-15);
    struct point_choice p;
    s.cost[17] = NAN;
    cr_assert(point_spec_parse("balanced", &spec, &e) == 0);
    cr_assert(point_choose(&spec, &s, &s, &p, &e) == ERR_FORMAT);
    cr_assert(strstr(e.text, "1 are unknown") != NULL, "%s", e.text);
    const struct eval_set none = {.models = 2};
    cr_assert(point_choose(&spec, &none, &s, &p, &e) == ERR_USAGE);
    eval_set_deinit(&s);
    const struct world three = {50, 3, 1, 1, .1, 3};
    world_set(&three, &s);
    cr_assert(point_spec_parse("share=.5", &spec, &e) == 0);
    cr_assert(point_choose(&spec, &s, &s, &p, &e) == ERR_USAGE);
    eval_set_deinit(&s);
}

Test(choose, the_cascade_is_the_best_pair_and_threshold)
{
    const struct world a = {60, 3, 1, 1, .1, 5};
    struct eval_set s;
    world_set(&a, &s);
    s.logprob[0] = NAN; /* escalated always */
    for (size_t i = 0; i < s.n; i++)
        s.logprob[3 * i + 2] = NAN; /* the last cannot be first */
    const struct control_cascade c = control_cascade_choose(&s, control_constant(&s, 0, 0));
    const double budget = eval_set_mean(&s, s.cost, (size_t)control_constant(&s, 0, 0));
    double best_q = -1, best_c = 0;
    for (size_t f = 0; f < 2; f++)
        for (size_t g = 0; g < 3; g++)
            for (size_t k = 0; f != g && k <= s.n; k++) {
                const double at = k < s.n ? s.logprob[3 * k + f] : (double)INFINITY;
                double q = 0, cost = 0;
                for (size_t i = 0; i < s.n && !isnan(at); i++) {
                    const bool accept = s.logprob[3 * i + f] >= at;
                    q += s.score[3 * i + (accept ? f : g)] / 60;
                    cost += (s.cost[3 * i + f] + (accept ? 0 : s.cost[3 * i + g])) / 60;
                }
                if (!isnan(at) && cost <= budget &&
                    (q > best_q + 1e-12 || (q > best_q - 1e-12 && cost < best_c))) {
                    best_q = q;
                    best_c = cost;
                }
            }
    near_to("quality", c.quality, best_q, 1e-12);
    near_to("cost", c.cost, best_c, 1e-12);
    double q = 0, cost = 0, latency = 0, x, y, z;
    for (size_t i = 0; i < s.n; i++) {
        control_cascade_apply(&c, &s, i, &x, &y, &z);
        q += x / 60;
        cost += y / 60;
        latency += z / 60;
    }
    near_to("applied quality", q, best_q, 1e-12);
    near_to("applied cost", cost, best_c, 1e-12);
    cr_assert(latency > 0);
    for (size_t k = 0; k < s.n * 3; k++)
        s.logprob[k] = NAN;
    cr_assert(control_cascade_choose(&s, 1).first == -1, "no log-probabilities, no cascade");
    eval_set_deinit(&s);
}

Test(choose, constants_tables_mixes_and_oracles)
{
    struct eval_set s;
    eval_set_init(&s, 3, 2);
    s.tasks = 3;
    s.groups = 3;
    const double score[] = {1, 0, .5, 1, 0, .5}, cost[] = {1, 3, 2, 4, 3, 5};
    for (size_t i = 0; i < 3; i++) {
        s.weight[i] = i == 2 ? 2 : 1;
        s.task[i] = i < 2 ? 0 : 1;
        s.group[i] = (int32_t)i;
    }
    memcpy(s.score, score, sizeof score);
    memcpy(s.cost, cost, sizeof cost);
    near_to("weighted mean", eval_set_mean(&s, s.score, 0), 1.5 / 4, 1e-15);
    cr_assert(control_constant(&s, 0, 0) == 1 && control_constant(&s, 1, 0) == 0 &&
              control_constant(&s, INFINITY, 0) == 0);
    struct eval_set t;
    const size_t index[] = {0, 2};
    eval_set_take(&s, index, 2, &t);
    control_task_means(&s, &t, t.q, t.c, t.t);
    near_to("task 0", t.q[0], (1.5 + .375) / 3, 1e-15);
    near_to("task 1", t.q[2], (0 + .375) / 3, 1e-15);
    near_to("cost of task 1", t.c[3], (10 + 17. / 4) / 3, 1e-15);
    t.task[1] = 2; /* not in the training set */
    control_task_means(&s, &t, t.q, t.c, t.t);
    near_to("unknown task", t.q[2], .375, 1e-15);
    int oracle[3];
    control_oracle(&s, oracle);
    cr_assert(oracle[0] == 0 && oracle[1] == 1 && oracle[2] == 1);
    eval_set_deinit(&t);
    eval_set_deinit(&s);
    const double c[] = {1, 2, 4, 3}, q[] = {.2, .3, .8, .9}; /* hull: 1 -> 3; 4 is dominated */
    struct control_mix m = control_mix_at(c, q, 4, 2);
    cr_assert(m.low == 0 && m.high == 3);
    near_to("share", m.share, .5, 1e-15);
    near_to("quality", m.quality, .55, 1e-15);
    m = control_mix_at(c, q, 4, 9);
    cr_assert(m.low == 3 && m.high == 3 && m.share <= 0);
    m = control_mix_at(c, q, 4, .5);
    cr_assert(m.low == 0 && m.high == 0);
}

Test(choose, rules_word_by_word)
{
    static const struct {
        const char *word, *text;
        bool whole, fold, want;
    } cases[] = {
        {"refund", "a refund, please", true, true, true},
        {"refund", "REFUND", true, true, true},
        {"refund", "REFUND", true, false, false},
        {"refund", "refunds", true, true, false},
        {"refund", "refunds", false, true, true},
        {"refund", "prerefund", true, true, false},
        {"refund", "re-refund", true, true, true},
        {"refund", "refund_id", true, true, false},
        {"refund", "refunds refund", true, true, true},
        {"refund!", "refund!s", true, true, true},
        {"?", "what?", true, true, true},
        {"", "anything", false, true, false},
        {"long keyword", "long", true, true, false},
        {"\xc3\xa9t\xc3\xa9", "en \xc3\xa9t\xc3\xa9.", true, true, true},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct eval_keyword w = {cases[k].word, cases[k].whole, cases[k].fold};
        cr_assert(eval_keyword_occurs(&w, cases[k].text, strlen(cases[k].text)) == cases[k].want,
                  "'%s' in '%s'", cases[k].word, cases[k].text);
    }
    const struct eval_keyword words[] = {{"lawsuit", true, true}, {"attorney", true, true}};
    const struct eval_rule rules[] = {
        {"short", EVAL_RULE_FORBID, "big", "faq", "free", NULL, 0, 0, 40},
        {"pro", EVAL_RULE_RAISE, "large", NULL, "pro", NULL, 0, 0, 0},
        {"legal", EVAL_RULE_FORCE, "mid", NULL, NULL, words, 2, 0, 0},
        {"nobody", EVAL_RULE_FORCE, "unknown", NULL, NULL, NULL, 0, 0, 0},
    };
    const char *const names[] = {"small", "mid", "big"}, *const tiers[] = {"tiny", "tiny", "large"};
    const int rank[] = {0, 0, 1};
    const double score[] = {.5, .6, .6}, cost[] = {1, 2, 3};
    const struct eval_rule_models m = {3, names, rank, tiers, score, cost};
    int fired;
    cr_assert(eval_rules_choose(rules, 4, &m, "my attorney says", 16, "x", "pro", &fired) == 1 &&
                  fired == 2,
              "force wins");
    cr_assert(eval_rules_choose(rules, 4, &m, "hello", 5, "x", "pro", &fired) == 2 && fired == 1);
    cr_assert(eval_rules_choose(rules, 4, &m, "hello", 5, "x", NULL, &fired) == 1 && fired == -1,
              "a tie goes to the cheaper");
    cr_assert(eval_rules_choose(rules, 4, &m, "hello", 5, "faq", "free", &fired) == 1 &&
              fired == 0);
    const struct eval_rule all[] = {{"a", EVAL_RULE_FORBID, "small", NULL, NULL, NULL, 0, 0, 0},
                                    {"b", EVAL_RULE_FORBID, "mid", NULL, NULL, NULL, 0, 0, 0},
                                    {"c", EVAL_RULE_FORBID, "big", NULL, NULL, NULL, 0, 0, 0}};
    cr_assert(eval_rules_choose(all, 3, &m, "hello", 5, NULL, NULL, NULL) == 2,
              "the last one left stays");
}
