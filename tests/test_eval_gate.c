/* The gate: against numpy and scipy (vectors/eval_gate.py), its three verdicts, its odd cases, and
 * what it writes for machines. */
#include "core/fs.h"
#include "core/json.h"
#include "eval/gate.h"
#include "tests/eval_fixture.h"

#include <string.h>

static const char *const names[] = {"t0", "t1", "t2", "t3"};

struct sides {
    size_t n;
    double *b, *c, *w, *none;
    int32_t *group, *task;
};

static struct sides sides_new(size_t n)
{
    struct sides s = {.n = n};
    s.b = mem_array(n, sizeof(double));
    s.c = mem_array(n, sizeof(double));
    s.w = mem_array(n, sizeof(double));
    s.none = mem_array(n, sizeof(double));
    s.group = mem_array(n, sizeof(int32_t));
    s.task = mem_array(n, sizeof(int32_t));
    for (size_t i = 0; i < n; i++) {
        s.w[i] = 1;
        s.none[i] = NAN;
        s.group[i] = (int32_t)i;
    }
    return s;
}

static void sides_free(struct sides *s)
{
    free(s->b);
    free(s->c);
    free(s->w);
    free(s->none);
    free(s->group);
    free(s->task);
}

static struct gate_result judge(const struct sides *s, size_t groups, double max_drop, bool slices,
                                bool same)
{
    const struct gate_input in = {
        .n = s->n,
        .groups = groups,
        .tasks = 4,
        .weight = s->w,
        .group = s->group,
        .task = s->task,
        .task_name = names,
        .baseline = {"old", s->b, s->none, s->none},
        .candidate = {"new", same ? s->b : s->c, s->none, s->none},
        .same = same,
    };
    const struct gate_options o = {max_drop, .05, slices};
    struct gate_result r;
    gate_run(&in, &o, &r);
    return r;
}

Test(gate, agrees_with_scipy)
{
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    struct json *all = NULL;
    cr_assert(fs_read_all("tests/vectors/eval_gate.json", 1 << 22, &text, &len, &e) == 0, "%s",
              e.text);
    cr_assert(json_parse(text, len, &all, &e) == 0, "%s", e.text);
    size_t seen = 0;
    for (const struct json *j = json_first(json_get(all, "cases")); j; j = json_next(j), seen++) {
        const size_t n = (size_t)json_num(json_get(j, "n"), 0);
        struct sides s = sides_new(n);
        for (size_t i = 0; i < n; i++) {
            s.b[i] = json_num(json_at(json_get(j, "baseline"), i), NAN);
            s.c[i] = json_num(json_at(json_get(j, "candidate"), i), NAN);
            s.w[i] = json_num(json_at(json_get(j, "weight"), i), NAN);
            s.group[i] = (int32_t)json_num(json_at(json_get(j, "group"), i), 0);
            s.task[i] = (int32_t)json_num(json_at(json_get(j, "task"), i), 0);
        }
        struct gate_result r =
            judge(&s, (size_t)json_num(json_get(j, "groups"), 0), .02, false, false);
        near_to("difference", r.mean.difference, json_num(json_get(j, "difference"), NAN), 1e-12);
        near_to("se", r.mean.se, json_num(json_get(j, "se"), NAN), 1e-12);
        near_to("lo", r.mean.lo, json_num(json_get(j, "lo"), NAN), 1e-10);
        near_to("hi", r.mean.hi, json_num(json_get(j, "hi"), NAN), 1e-10);
        near_to("p", r.mean.p, json_num(json_get(j, "p"), NAN), 1e-10);
        near_to("McNemar", r.mcnemar, json_num(json_get(j, "mcnemar"), NAN), 1e-10);
        cr_assert(r.binary && (double)r.lost == json_num(json_get(j, "lost"), -1) &&
                  (double)r.won == json_num(json_get(j, "won"), -1));
        for (size_t k = 0; k < r.tasks; k++)
            near_to(r.task[k].name, r.task[k].f.p,
                    json_num(json_at(json_get(j, "holm"), (size_t)(r.task[k].name[1] - '0')), NAN),
                    1e-10);
        for (size_t k = 1; k < r.tasks; k++)
            cr_assert(r.task[k - 1].f.difference <= r.task[k].f.difference, "worst first");
        gate_result_deinit(&r);
        sides_free(&s);
    }
    cr_assert(seen == 3);
    json_free(all);
    free(text);
}

Test(gate, passes_fails_and_cannot_tell)
{
    struct sides s = sides_new(1000);
    for (size_t i = 0; i < 1000; i++) { /* 10 of 1,000 lost, 8 won */
        s.b[i] = i < 800;
        s.c[i] = i < 10 ? 0 : i < 808;
        s.task[i] = (int32_t)(i % 3);
    }
    struct gate_result r = judge(&s, 1000, .02, false, false);
    cr_assert(r.verdict == GATE_PASS && r.lost == 10 && r.won == 8);
    gate_result_deinit(&r);
    r = judge(&s, 1000, .001, false, false);
    cr_assert(r.verdict == GATE_INCONCLUSIVE && r.needed > 1000, "%zu more", r.needed);
    gate_result_deinit(&r);
    for (size_t i = 0; i < 300; i++)
        s.c[i] = i % 3 == 1 ? 0 : s.c[i]; /* task t1 falls from .8 to .5 */
    r = judge(&s, 1000, .02, false, false);
    cr_assert(r.verdict == GATE_FAIL && r.fallen == 1 && strcmp(r.task[0].name, "t1") == 0 &&
              r.task[0].fallen);
    gate_result_deinit(&r);
    r = judge(&s, 1000, .2, true, false);
    cr_assert(r.overall == GATE_PASS && r.verdict == GATE_FAIL, "slices: the fallen task fails it");
    gate_result_deinit(&r);
    r = judge(&s, 1000, .2, false, false);
    cr_assert(r.verdict == GATE_PASS && r.fallen == 1);
    gate_result_deinit(&r);
    sides_free(&s);
}

Test(gate, nothing_checked_is_not_a_pass)
{
    struct sides s = sides_new(40);
    struct gate_result r = judge(&s, 40, .02, false, true);
    cr_assert(r.verdict == GATE_PASS, "itself");
    gate_result_deinit(&r);
    r = judge(&s, 40, .02, false, false); /* equal on 40 prompts: .0922 may hide */
    cr_assert(r.verdict == GATE_INCONCLUSIVE && r.needed > 0);
    near_to("bound of 0 in 40", r.mean.lo, log(.025) / 40, 1e-12);
    gate_result_deinit(&r);
    r = judge(&s, 40, .1, false, false);
    cr_assert(r.verdict == GATE_PASS);
    gate_result_deinit(&r);
    for (size_t i = 0; i < 40; i++)
        s.c[i] = NAN;
    struct buf b = BUF_INIT(0);
    r = judge(&s, 40, .5, false, false);
    cr_assert(r.verdict == GATE_INCONCLUSIVE && r.mean.n == 0 && r.unpaired == 40);
    gate_sentence(&r, &b);
    cr_assert(strstr(b.data, "nothing was compared") != NULL, "%s", b.data);
    gate_result_deinit(&r);
    buf_clear(&b);
    for (size_t i = 0; i < 40; i++) {
        s.c[i] = i % 2;
        s.group[i] = 3;
    }
    r = judge(&s, 40, .9, false, false);
    cr_assert(r.verdict == GATE_INCONCLUSIVE && r.mean.groups == 1);
    gate_sentence(&r, &b);
    cr_assert(strstr(b.data, "one group") != NULL, "%s", b.data);
    gate_result_deinit(&r);
    buf_deinit(&b);
    sides_free(&s);
}

/* Two models that are equally good: the gate at 5 % must not fail one of them more often than that.
 */
Test(gate, keeps_its_error_rate_under_clustering)
{
    enum { RUNS = 400 };
    struct rng rng;
    int passed_worse = 0, failed_equal = 0;
    rng_seed(&rng, 21);
    for (int k = 0; k < RUNS; k++) {
        struct sides s = sides_new(200);
        for (size_t i = 0; i < s.n; i++) { /* groups of 5 that fail together */
            s.group[i] = (int32_t)(i / 5);
            s.b[i] = i % 5 ? s.b[i - 1] : rng_unit(&rng) < .8;
            s.c[i] = i % 5 ? s.c[i - 1] : rng_unit(&rng) < .8;
        }
        struct gate_result r = judge(&s, 40, 0, false, false);
        failed_equal += r.verdict == GATE_FAIL;
        passed_worse += r.verdict == GATE_PASS;
        gate_result_deinit(&r);
        sides_free(&s);
    }
    cr_assert(failed_equal <= RUNS * .05 && passed_worse <= RUNS * .05, "%d and %d of %d",
              failed_equal, passed_worse, RUNS);
}

Test(gate, what_machines_read)
{
    struct sides s = sides_new(400);
    for (size_t i = 0; i < s.n; i++) {
        s.b[i] = 1;
        s.c[i] = i % 2 ? 1 : i % 8 == 0;
        s.task[i] = (int32_t)(i % 4);
    }
    struct gate_result r = judge(&s, 400, .02, true, false);
    r.candidate = "new <&\"'\x01|\n>";
    struct buf b = BUF_INIT(0);
    gate_junit(&r, 1.5, "2026-01-01T00:00:00Z", &b);
    cr_assert(strstr(b.data, "&lt;&amp;&quot;&apos;?|\n&gt;") != NULL, "%s", b.data);
    cr_assert(strstr(b.data, "tests=\"5\" failures=\"3\" errors=\"0\"") != NULL, "%s", b.data);
    cr_assert(strchr(b.data, 1) == NULL);
    buf_clear(&b);
    gate_markdown(&r, &b);
    cr_assert(strstr(b.data, "### shunt gate failed") == b.data && strstr(b.data, "\\|") != NULL &&
              strchr(b.data, 1) == NULL);
    buf_clear(&b);
    gate_json(&r, &b);
    struct json *j = NULL;
    struct err e = {0};
    cr_assert(json_parse(b.data, b.len, &j, &e) == 0, "%s", e.text);
    cr_assert(strcmp(json_str(json_get(j, "verdict")), "fail") == 0 &&
              json_count(json_get(j, "tasks")) == 4);
    json_free(j);
    buf_deinit(&b);
    gate_result_deinit(&r);
    sides_free(&s);
}
