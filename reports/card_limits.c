/* What a router is not known to be good for, as far as the store can tell. One sentence each; the
 * facts are computed, none is assumed.
 */
#include "reports/card_private.h"

#include "core/mem.h"
#include "core/money.h"
#include "reports/text.h"

#include <inttypes.h>
#include <string.h>

enum { FEW_PROMPTS = 1000, FEW_IN_TASK = 100 };
static const double ece_much = .05;

static void limit(struct card *c, char *text)
{
    VEC_PUSH(&c->limits, text);
}

static void limits_of_data(struct card *c)
{
    const struct report_data *d = &c->d;
    const struct comparison *seen = NULL;
    for (size_t i = 0; !seen && i < d->comparisons.n; i++)
        if (!strcmp(d->comparisons.v[i].metric, "quality") && d->comparisons.v[i].detectable > 0)
            seen = &d->comparisons.v[i];
    if (seen) {
        AUTO_FREE char *least = text_quality(seen->detectable);
        limit(c,
              mem_printf("Differences in quality below %s (%s) would not be seen with 80 %% power"
                         " on %" PRId64 " prompts.",
                         least, seen->pair, d->prompts));
    }
    if (d->prompts < FEW_PROMPTS)
        limit(c, mem_printf("All figures rest on %" PRId64 " prompts only.", d->prompts));
    limit(c, c->near_pairs > 0
                 ? mem_printf("Near duplicates were joined (%" PRId64
                              " joins) and are on one side of every split.",
                              c->near_pairs)
                 : mem_strdup("No near duplicates were joined: a prompt that was only reworded may "
                              "stand on both sides of a split (shunt split --near-duplicates)."));
    if (d->tasks.n > 0)
        limit(c, mem_printf("It has a weight for each of %zu tasks; a request of another task is "
                            "judged by its text alone, which was not measured.",
                            d->tasks.n));
    struct buf few = BUF_INIT(0);
    const char *column[3];
    size_t columns = card_columns(c, column), n = 0;
    for (size_t t = 0; columns && t < d->tasks.n; t++) {
        struct value v = card_task_value(c, column[0], d->tasks.v[t], "quality");
        if (v.n >= FEW_IN_TASK || v.n == 0)
            continue;
        if (n++ < 5)
            buf_addf(&few, "%s%s (%" PRId64 ")", few.len ? ", " : "", d->tasks.v[t], v.n);
    }
    if (n)
        limit(c, mem_printf("%zu tasks have fewer than %d prompts evaluated: %s%s.", n, FEW_IN_TASK,
                            few.data, n > 5 ? ", ..." : ""));
    buf_deinit(&few);
}

static void limits_of_heads(struct card *c)
{
    for (const struct json *h = json_first(card_heads(c)); h; h = json_next(h)) {
        const char *name = json_str(json_get(h, "model"));
        double ece = json_num(json_get(h, "ece"), (double)NAN),
               loss = json_num(json_get(h, "log_loss"), (double)NAN),
               task = json_num(json_get(h, "log_loss_task_means"), (double)NAN);
        if (!name)
            continue;
        if (json_bool(json_get(h, "constant"), false))
            limit(c,
                  mem_printf("%s was always right, always wrong, or has no scores: its quality is "
                             "the mean of the task, whatever the text.",
                             name));
        else if (loss >= task)
            limit(c,
                  mem_printf("For %s the text says no more than the task: held-out log loss %.4f "
                             "against %.4f of the task means.",
                             name, loss, task));
        if (ece > ece_much)
            limit(c,
                  mem_printf("Probabilities of %s are off by %.3f on average (calibration error).",
                             name, ece));
    }
}

static void limits_of_cost(struct card *c)
{
    struct buf reported = BUF_INIT(0);
    for (size_t i = 0; i < c->prices.n; i++)
        if (c->prices.v[i].pico_input == MONEY_UNKNOWN)
            buf_addf(&reported, "%s%s", reported.len ? ", " : "", c->prices.v[i].model);
    if (!c->d.has_cost)
        limit(c, mem_strdup("Costs are unknown for at least one model, so that figures of cost are "
                            "missing and no operating point weighs cost."));
    else if (reported.len)
        limit(c,
              mem_printf("There is no price of %s: costs are as reported with the replies, and a "
                         "new price list does not change them.",
                         reported.data));
    buf_deinit(&reported);
}

void card_find_limits(struct card *c)
{
    static const char *const keys[] = {"missing", "simulated", "incomplete", "overlap"};
    limits_of_data(c);
    limits_of_heads(c);
    limits_of_cost(c);
    int64_t unscored = 0;
    if (json_int64(json_get(c->metrics, "unscored_replies"), &unscored) && unscored > 0)
        limit(c, mem_printf("%" PRId64 " replies have no score and were left out.", unscored));
    for (size_t i = 0; i < c->d.notes.n; i++)
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            if (!strcmp(c->d.notes.v[i].key, keys[k]))
                limit(c, mem_printf("%s.", c->d.notes.v[i].text));
}
