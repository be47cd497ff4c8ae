/* A service in small: a handle that a signal could reload, a budget, counters, and a plan that asks
 * models until a reply is good enough. The models are made up; put your client in their place.
 *
 *   cc -std=c11 route.c $(pkg-config --cflags --libs shunt) -o route && ./route TABLE.shunt "a
 * prompt"
 */
#include <shunt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ask model for a reply to prompt. Here: every first call times out. */
static void ask(const char *model, const char *prompt, int call, struct shunt_outcome *o)
{
    static const double logprob[] = {-0.02, -0.4, -0.01, -0.1};
    (void)model;
    (void)prompt;
    o->status = call == 1 ? SHUNT_REPLY_TIMEOUT : SHUNT_REPLY_OK;
    if (o->status != SHUNT_REPLY_OK)
        return;
    shunt_logprob_stats(logprob, 4, &o->mean_logprob, &o->min_logprob);
    o->flags = SHUNT_HAS_MEAN | SHUNT_HAS_MIN;
}

static int answer(const struct shunt_table *t, struct shunt_budget *budget,
                  struct shunt_stats *stats, const char *prompt)
{
    struct shunt_request r = SHUNT_REQUEST_INIT;
    struct shunt_plan plan = SHUNT_PLAN_INIT;
    struct shunt_step step = SHUNT_STEP_INIT;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    r.text = prompt;
    r.text_bytes = strlen(prompt);
    int status = shunt_plan_begin(&plan, t, &r);
    if (status) {
        shunt_stats_status(stats, status);
        fprintf(stderr, "route: %s\n", shunt_strerror(status));
        return 1;
    }
    shunt_plan_budget(&plan, budget, "ann", (int64_t)time(NULL));
    shunt_plan_state(&plan, &d, NULL);
    shunt_stats_decision(stats, &d, NULL);
    shunt_plan_next(&plan, NULL, &step);
    while (step.action < SHUNT_ACCEPT) {
        struct shunt_outcome o = SHUNT_OUTCOME_INIT;
        printf("%s %s\n", shunt_action_name(step.action), step.model_name);
        ask(step.model_name, prompt, step.call, &o);
        shunt_plan_next(&plan, &o, &step);
        shunt_stats_step(stats, &step);
    }
    printf("%s %s\n", shunt_action_name(step.action), step.model_name ? step.model_name : "-");
    return step.action == SHUNT_ACCEPT ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct shunt_table *t = NULL;
    struct shunt_handle *handle = NULL;
    struct shunt_budget *budget = NULL;
    struct shunt_stats *stats = NULL;
    struct shunt_lease lease;
    char why[200];
    if (argc != 3) {
        fprintf(stderr, "usage: route TABLE.shunt PROMPT\n");
        return 2;
    }
    if (shunt_open_detail(argv[1], &t, why, sizeof why)) {
        fprintf(stderr, "route: '%s': %s\n", argv[1], why);
        return 3;
    }
    if (shunt_handle_new(t, &handle)) {
        shunt_close(t);
        return 7;
    }
    if (shunt_budget_new(&budget) || shunt_stats_new(t, &stats))
        return 7;
    shunt_budget_limit(budget, SHUNT_BUDGET_USER, NULL, INT64_C(5000000000), -1); /* $5 a day */

    const struct shunt_table *now = shunt_handle_acquire(handle, &lease);
    int rc = answer(now, budget, stats, argv[2]);
    shunt_handle_release(handle, &lease);

    shunt_stats_free(stats);
    shunt_budget_free(budget);
    shunt_handle_free(handle);
    return rc;
}
