/* Counters, drift and logs: against sums kept by the test, a naive index, and a JSON parser. */
#include "tests/router_spec.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <pthread.h>

#include "router/shunt.h"

static struct mini x;
static unsigned char *bytes;

static struct shunt_table *build(int extra)
{
    struct err e = {0};
    size_t len;
    struct shunt_table *t;
    mini_init(&x, 8, 60, 5);
    mini_full(&x);
    if (extra)
        mini_extra(&x);
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(shunt_open_memory(bytes, len, &t), 0);
    return t;
}

static struct shunt_stats *fresh(const struct shunt_table *t)
{
    struct shunt_stats *s = NULL;
    cr_assert_eq(shunt_stats_new(t, &s), 0);
    return s;
}

static char *text_of(const struct shunt_stats *s)
{
    size_t n = 0, again = 0;
    cr_assert_eq(shunt_stats_text(s, NULL, 0, &n), 0);
    char *text = calloc(n + 1, 1);
    cr_assert_eq(shunt_stats_text(s, text, n, &again), 0);
    cr_assert_eq(again, n);
    char part[11] = "0123456789";
    cr_assert_eq(shunt_stats_text(s, part, 7, &again), 0);
    cr_assert(memcmp(part, text, 7) == 0 && part[7] == '7', "no more than asked for");
    return text;
}

static double naive_psi(const double *score, int n, const struct table_drift *d)
{
    double psi = 0, seen[10] = {0};
    for (int i = 0; i < n; i++) {
        int k = 0;
        for (int j = 0; j < 9; j++)
            k += d->edge[j] <= score[i];
        seen[k] += 1.0 / n;
    }
    for (int k = 0; k < 10; k++) {
        double a = fmax(seen[k], 1e-4), e = fmax(d->share[k], 1e-4);
        psi += (a - e) * log(a / e);
    }
    return psi;
}

Test(router_stats, counts_means_and_drift)
{
    enum { N = 500 };
    static double score[4][N];
    struct shunt_table *t = build(1);
    struct shunt_stats *s = fresh(t);
    double quality_sum[3] = {0}, cost_sum[3] = {0};
    int chosen[3] = {0};
    cr_assert_lt(shunt_stats_psi(s, -1), 0, "nothing was counted");
    for (int i = 0; i < N; i++) {
        char text[80];
        double q[3];
        snprintf(text, sizeof text, "prompt %d of some words: %x?", i * 77, i * 991);
        struct shunt_request r = SHUNT_REQUEST_INIT;
        struct shunt_decision d = SHUNT_DECISION_INIT;
        r.text = text;
        r.text_bytes = strlen(text);
        cr_assert_eq(shunt_route(t, &r, &d), 0);
        cr_assert_eq(shunt_predict(t, &r, q, NULL, NULL, NULL), 0);
        shunt_stats_decision(s, &d, q);
        chosen[d.model]++;
        quality_sum[d.model] += d.quality;
        cost_sum[d.model] += (double)d.cost_nusd;
        score[0][i] = d.complexity;
        for (int m = 0; m < 3; m++)
            score[1 + m][i] = q[m];
    }
    int models = 0;
    for (int m = 0; m < 3; m++) {
        struct shunt_counts c = SHUNT_COUNTS_INIT;
        cr_assert_eq(shunt_stats_get(s, m, &c), 0);
        cr_assert_eq(c.chosen, (uint64_t)chosen[m]);
        models += chosen[m] > 0;
        if (chosen[m]) {
            cr_assert_float_eq(c.mean_quality, quality_sum[m] / chosen[m], 1e-6);
            cr_assert_float_eq(c.mean_cost_nusd, cost_sum[m] / chosen[m], 1e-3);
        }
    }
    cr_assert_geq(models, 2);
    for (int m = -1; m < 3; m++)
        cr_assert_float_eq(shunt_stats_psi(s, m), naive_psi(score[m + 1], N, &x.drift[m + 1]),
                           1e-9);
    cr_assert_lt(shunt_stats_psi(s, 3), 0);
    cr_assert_lt(shunt_stats_psi(s, -2), 0);
    shunt_stats_free(s);

    /* Requests as the table promised, to the share: no drift at all. */
    s = fresh(t);
    for (int i = 0; i < 100; i++) {
        struct shunt_decision d = SHUNT_DECISION_INIT;
        static const int upto[] = {5, 10, 20, 30, 40, 50, 60, 70, 80, 100};
        int k = 0;
        while (i >= upto[k])
            k++;
        d.complexity = k ? x.drift[0].edge[k - 1] : 0;
        shunt_stats_decision(s, &d, NULL);
    }
    cr_assert_float_eq(shunt_stats_psi(s, -1), 0, 1e-12);
    cr_assert_lt(shunt_stats_psi(s, 0), 0, "no qualities were told");
    shunt_stats_free(s);
    shunt_stats_free(NULL);
    shunt_close(t);
    free(bytes);
}

Test(router_stats, text_for_prometheus)
{
    struct shunt_table *t = build(1);
    struct shunt_stats *s = fresh(t);
    struct shunt_decision d = SHUNT_DECISION_INIT;
    d.model = 1;
    d.quality = .75;
    d.cost_nusd = 1500000;
    d.complexity = .5;
    for (int i = 0; i < 4; i++)
        shunt_stats_decision(s, &d, NULL);
    struct shunt_step step = SHUNT_STEP_INIT;
    for (int a = SHUNT_CALL; a <= SHUNT_GIVE_UP; a++)
        for (int i = 0; i < a; i++) {
            step.action = a;
            step.model = a == SHUNT_GIVE_UP ? -1 : 2;
            step.refused = a == SHUNT_GIVE_UP ? i % 2 : -1;
            step.size = i == 4 ? offsetof(struct shunt_step, refused) : sizeof step;
            shunt_stats_step(s, &step);
        }
    shunt_stats_status(s, SHUNT_E_NO_MODEL);
    shunt_stats_status(s, SHUNT_E_TOO_LONG);
    shunt_stats_status(s, 0);
    char *text = text_of(s);
    static const char *const has[] = {
        "# HELP shunt_chosen_total Decisions for a model.\n# TYPE shunt_chosen_total counter\n",
        "\nshunt_chosen_total{model=\"medium\"} 4\n",
        "\nshunt_chosen_total{model=\"large\"} 0\n",
        "\nshunt_escalated_total{model=\"large\"} 2\n",
        "\nshunt_fell_back_total{model=\"large\"} 3\n",
        "\nshunt_served_total{model=\"large\"} 4\n",
        "\nshunt_refused_total 6\n", /* five plans, one of them told in an older struct */
        "\nshunt_model_refused_total{model=\"small\"} 2\n",
        "\nshunt_model_refused_total{model=\"medium\"} 2\n",
        "\nshunt_model_refused_total{model=\"large\"} 0\n",
        "\nshunt_errors_total 1\n",
        "\nshunt_expected_quality_sum{model=\"medium\"} 3.000000\n",
        "\nshunt_expected_cost_usd_sum{model=\"medium\"} 0.006000000\n",
        "\nshunt_promised_quality{point=\"balanced\"} 0.700000\n",
        "\nshunt_promised_cost_usd{point=\"best\"} 0.001000000\n",
        "\nshunt_drift_psi{score=\"complexity\",model=\"\"} ",
    };
    for (size_t i = 0; i < sizeof has / sizeof *has; i++)
        cr_assert_not_null(strstr(text, has[i]), "%s\nin\n%s", has[i], text);
    cr_assert_eq(text[strlen(text) - 1], '\n');
    /* Every line is a comment or `name{labels} number`. */
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *end, *space = strrchr(line, ' ');
        cr_assert(line[0] == '#' || strncmp(line, "shunt_", 6) == 0, "%s", line);
        if (line[0] != '#') {
            strtod(space + 1, &end);
            cr_assert(*end == '\0' && end > space + 1, "%s", line);
        }
    }
    free(text);
    shunt_stats_free(s);
    shunt_close(t);
    free(bytes);

    t = build(0); /* a table without deciles */
    s = fresh(t);
    shunt_stats_decision(s, &d, NULL);
    text = text_of(s);
    cr_assert_null(strstr(text, "psi"));
    cr_assert_lt(shunt_stats_psi(s, -1), 0);
    free(text);
    shunt_stats_free(s);
    shunt_close(t);
    free(bytes);
}

static double num(const cJSON *j, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, key);
    cr_assert(cJSON_IsNumber(v), "%s", key);
    return v->valuedouble;
}

static const char *str(const cJSON *j, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, key);
    return cJSON_IsString(v) ? v->valuestring : "(absent)";
}

Test(router_stats, events_as_lines_of_json)
{
    struct shunt_table *t = build(1);
    struct shunt_request r = SHUNT_REQUEST_INIT;
    struct shunt_plan p = SHUNT_PLAN_INIT;
    struct shunt_step step = SHUNT_STEP_INIT;
    struct shunt_outcome o = SHUNT_OUTCOME_INIT;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    r.text = "ask my lawyer";
    r.text_bytes = strlen(r.text);
    cr_assert_eq(shunt_plan_begin(&p, t, &r), 0);
    cr_assert_eq(shunt_plan_state(&p, &d, NULL), 0);
    o.status = SHUNT_REPLY_ERROR;
    for (int i = -1; step.action != SHUNT_GIVE_UP; i++) {
        char line[2000];
        size_t n = 0;
        if (i >= 0)
            cr_assert_eq(shunt_plan_next(&p, i ? &o : NULL, &step), 0);
        cr_assert_eq(shunt_event_json(t, &d, i < 0 ? NULL : &step, "id \"7\"\n\x01",
                                      UINT64_C(1764000000123456789), line, sizeof line, &n),
                     0);
        cr_assert(n < sizeof line && line[n - 1] == '\n' && !memchr(line, '\n', n - 1));
        line[n] = '\0';
        cJSON *j = cJSON_Parse(line);
        cr_assert_not_null(j, "%s", line);
        cr_assert_str_eq(str(j, "gen_ai.operation.name"), "chat");
        cr_assert_str_eq(str(j, "shunt.request.id"), "id \"7\"\n\x01");
        cr_assert_str_eq(str(j, "shunt.rule"), "legal");
        cr_assert_str_eq(str(j, "shunt.reason"), "rule");
        cr_assert_str_eq(str(j, "shunt.point"), "balanced");
        cr_assert_not_null(strstr(line, "\"time_unix_nano\":1764000000123456789,"));
        cr_assert_float_eq(num(j, "shunt.expected_quality"), d.quality, 1e-6);
        cr_assert_float_eq(num(j, "shunt.expected_cost_usd"), (double)d.cost_nusd / 1e9, 1e-12);
        cr_assert_float_eq(num(j, "shunt.complexity"), d.complexity, 1e-6);
        const char *model = i >= 0 && step.model_name ? step.model_name : d.model_name;
        cr_assert_str_eq(str(j, "gen_ai.request.model"), model);
        cr_assert_str_eq(str(j, "shunt.action"),
                         i < 0 ? "(absent)" : shunt_action_name(step.action));
        cr_assert_str_eq(str(j, "error.type"), step.action == SHUNT_GIVE_UP ? "error" : "(absent)");
        cJSON_Delete(j);
    }
    size_t n;
    cr_assert_eq(shunt_event_json(t, &d, NULL, "\xff", 0, NULL, 0, &n), SHUNT_E_ARGUMENT);
    cr_assert_eq(shunt_event_json(t, NULL, NULL, NULL, 0, NULL, 0, &n), SHUNT_E_ARGUMENT);
    shunt_close(t);
    free(bytes);
}

static struct shunt_stats *shared;

static void *count_many(void *arg)
{
    struct shunt_decision d = SHUNT_DECISION_INIT;
    (void)arg;
    d.model = 2;
    d.quality = .5;
    d.cost_nusd = 3;
    for (int i = 0; i < 50000; i++)
        shunt_stats_decision(shared, &d, NULL);
    return NULL;
}

Test(router_stats, threads_lose_no_count)
{
    pthread_t thread[4];
    struct shunt_counts c = SHUNT_COUNTS_INIT;
    struct shunt_table *t = build(1);
    shared = fresh(t);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, count_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(shunt_stats_get(shared, 2, &c), 0);
    cr_assert_eq(c.chosen, 200000);
    cr_assert_eq(c.mean_quality, .5);
    cr_assert_eq(c.mean_cost_nusd, 3);
    cr_assert_eq(shunt_stats_get(shared, 3, &c), SHUNT_E_ARGUMENT);
    shunt_stats_free(shared);
    shunt_close(t);
    free(bytes);
}
