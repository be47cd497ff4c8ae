/* The model card as a document. Every number is one of the store; what they mean is report's to
 * explain at length.
 */
#include "reports/card_private.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/money.h"
#include "reports/content.h"
#include "reports/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static double number(const struct json *j, const char *key)
{
    return json_num(json_get(j, key), (double)NAN);
}

static int64_t whole(const struct json *j, const char *key)
{
    int64_t n = 0;
    json_int64(json_get(j, key), &n);
    return n;
}

static void say_what(const struct card *c, struct doc *doc)
{
    const struct router *r = &c->d.router;
    doc_heading(doc, "What it does");
    doc_text(doc,
             mem_printf("For each request it estimates the probability that each of %zu models "
                        "answers it well, and what each would cost, and chooses by an operating "
                        "point. One logistic regression a model, on the encoder %s; fitted "
                        "with seed %" PRId64 ".",
                        json_count(card_heads(c)), r->encoder, r->seed));
    struct buf names = BUF_INIT(0);
    for (const struct json *h = json_first(card_heads(c)); h; h = json_next(h)) {
        const char *name = json_str(json_get(h, "model"));
        buf_addf(&names, "%s%s", names.len ? ", " : "", name ? name : "");
    }
    doc_text(doc, mem_printf("Models: %s.", names.data));
    buf_deinit(&names);
}

struct role {
    const char *name;
    int64_t prompts;
    int64_t tasks;
};

static void say_data(const struct card *c, struct doc *doc)
{
    const struct report_data *d = &c->d;
    AUTO_FREE char *prompts = text_count(c->prompts);
    AUTO_FREE char *groups = text_count(c->groups);
    doc_heading(doc, "Data");
    doc_text(
        doc,
        d->router.folds > 0
            ? mem_printf("%s prompts in %s groups. Figures are cross-fitted over %" PRId64
                         " folds that keep groups whole: every prompt is judged by heads that "
                         "never saw its fold, and everything that was chosen was chosen inside "
                         "the other folds.",
                         prompts, groups, d->router.folds)
            : mem_printf("%s prompts in %s groups. Splits keep groups whole: heads are fitted "
                         "on train, operating points chosen on validation, figures taken from "
                         "test.",
                         prompts, groups));
    struct table *t =
        doc_table(doc, "Prompts", 3, (const char *const[]){"part", "#prompts", "#tasks"});
    VEC(struct role) roles = {0};
    const char *last = NULL;
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct prompt_group *g = &d->groups.v[i];
        if (!roles.n || strcmp(roles.v[roles.n - 1].name, g->role) != 0) {
            struct role fresh = {g->role, 0, 0};
            VEC_PUSH(&roles, fresh);
            last = NULL;
        }
        roles.v[roles.n - 1].prompts += g->prompts;
        roles.v[roles.n - 1].tasks += !last || strcmp(last, g->task) != 0;
        last = g->task;
    }
    for (size_t i = 0; i < roles.n; i++) {
        const char *name = roles.v[i].name;
        table_text(t, !*name ? "not used" : !strcmp(name, "fold") ? "all folds" : name);
        table_cell(t, text_count(roles.v[i].prompts), NULL);
        table_cell(t, text_count(roles.v[i].tasks), NULL);
    }
    VEC_FREE(&roles);
    doc_text(doc, mem_printf("Hash of the data: %s", d->router.data_hash));
}

static void say_features(const struct card *c, struct doc *doc)
{
    doc_heading(doc, "Features");
    if (whole(c->metrics, "buckets_kept") > 0) {
        AUTO_FREE char *buckets = text_count(whole(c->metrics, "buckets_kept"));
        doc_text(doc,
                 mem_printf("%s hashed n-grams seen in two prompts or more, a block of surface "
                            "features (length, digits, marks, lines, code), and the task.",
                            buckets));
    }
    for (size_t i = 0; i < c->d.encoders.n; i++) {
        const struct stored_vectors *v = &c->d.encoders.v[i];
        AUTO_FREE char *with = mem_printf("endpoint:%s", v->name);
        if (strstr(c->d.router.encoder, with))
            doc_text(doc, mem_printf("Vectors of %s: %" PRId64 " components, %" PRId64 " prompts.",
                                     v->name, v->dimensions, v->rows));
    }
}

static void say_heads(const struct card *c, struct doc *doc)
{
    doc_heading(doc, "Held-out quality of its probabilities");
    struct table *t =
        doc_table(doc, "Heads, on prompts that they did not see", 10,
                  (const char *const[]){"model", "#prompts", "#mean score", "#log loss",
                                        "#of task means", "#of the base rate", "#Brier",
                                        "#calibration error", "#C", "calibration"});
    for (const struct json *h = json_first(card_heads(c)); h; h = json_next(h)) {
        const char *name = json_str(json_get(h, "model")),
                   *how = json_str(json_get(h, "calibration"));
        table_text(t, name ? name : "");
        table_cell(t, text_count(whole(h, "prompts")), NULL);
        table_cell(t, text_number(number(h, "mean_score"), 3), NULL);
        table_cell(t, text_number(number(h, "log_loss"), 4), NULL);
        table_cell(t, text_number(number(h, "log_loss_task_means"), 4), NULL);
        table_cell(t, text_number(number(h, "log_loss_base_rate"), 4), NULL);
        table_cell(t, text_number(number(h, "brier"), 4), NULL);
        table_cell(t, text_number(number(h, "ece"), 4), NULL);
        table_cell(t, text_number(number(h, "c"), 2), NULL);
        table_text(t, how ? how : "");
    }
    const struct json *labels = json_get(c->metrics, "complexity");
    if (labels)
        doc_text(doc, mem_printf("Complexity labels: accuracy %.3f on %" PRId64
                                 " prompts (always the most frequent label: %.3f), quadratic kappa "
                                 "%.3f.",
                                 number(labels, "accuracy"), whole(labels, "prompts"),
                                 number(labels, "accuracy_majority"),
                                 number(labels, "quadratic_kappa")));
}

static void put_policy(struct table *t, const struct policy *p)
{
    table_text(t, p->name);
    table_text(t, p->kind);
    table_cell(t, text_quality(p->quality.v), text_interval(&p->quality, text_quality));
    table_cell(t, text_usd(p->cost.v), text_interval(&p->cost, text_usd));
}

static void say_results(const struct card *c, struct doc *doc)
{
    static const char *const kinds[] = {"point",   "plan",   "constant", "task_means",
                                        "cascade", "single", "oracle"};
    const struct report_data *d = &c->d;
    doc_heading(doc, "Operating points and controls");
    struct table *t =
        doc_table(doc, "Quality and cost of 1,000 requests, with 95 % intervals", 4,
                  (const char *const[]){"policy", "kind", "#quality", "#USD per 1,000"});
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < d->policies.n; i++)
            if (!strcmp(d->policies.v[i].kind, kinds[k]))
                put_policy(t, &d->policies.v[i]);
    if (d->metrics.n == 0)
        return;
    t = doc_table(doc, "Figures of the curve", 2, (const char *const[]){"figure", "#value"});
    for (size_t i = 0; i < d->metrics.n; i++) {
        table_text(t, d->metrics.v[i].name);
        table_cell(t, text_quality(d->metrics.v[i].value.v),
                   text_interval(&d->metrics.v[i].value, text_quality));
    }
}

static void say_tasks(const struct card *c, struct doc *doc)
{
    const char *column[3];
    size_t columns = card_columns(c, column);
    if (c->d.tasks.n == 0 || columns == 0)
        return;
    doc_heading(doc, "By task");
    struct table *t =
        doc_table(doc, "Quality and cost by task, with 95 % intervals where there are any", 2,
                  (const char *const[]){"task", "#prompts"});
    for (size_t k = 0; k < columns; k++) {
        AUTO_FREE char *quality = mem_printf("%s: quality", column[k]);
        AUTO_FREE char *cost = mem_printf("%s: USD per 1,000", column[k]);
        table_column(t, quality, true);
        table_column(t, cost, true);
    }
    for (size_t i = 0; i < c->d.tasks.n; i++) {
        const char *task = c->d.tasks.v[i];
        table_text(t, *task ? task : "(none)");
        for (size_t k = 0; k < columns; k++) {
            struct value q = card_task_value(c, column[k], task, "quality"),
                         usd = card_task_value(c, column[k], task, "cost_usd_per_1k");
            if (k == 0)
                table_cell(t, text_count(q.n), NULL);
            table_cell(t, text_quality(q.v), text_interval(&q, text_quality));
            table_cell(t, text_usd(usd.v), text_interval(&usd, text_usd));
        }
    }
}

static char *price_text(int64_t pico, double unit)
{
    return text_usd(pico == MONEY_UNKNOWN ? (double)NAN : (double)pico / unit);
}

static void say_prices(const struct card *c, struct doc *doc)
{
    const char *source = data_note(&c->d, "cost_source");
    doc_heading(doc, "Prices used");
    bool any = false;
    for (size_t i = 0; i < c->prices.n; i++)
        any = any || c->prices.v[i].pico_input != MONEY_UNKNOWN ||
              c->prices.v[i].pico_request != MONEY_UNKNOWN;
    if (!any) {
        doc_text(doc, mem_strdup(c->d.has_cost ? "None: the store has no prices of these models; "
                                                 "costs are as reported with the replies."
                                               : "None: the store has no prices of these models."));
        return;
    }
    struct table *t = doc_table(
        doc, "In US dollars, as the store has them now", 4,
        (const char *const[]){"model", "#1M input tokens", "#1M output tokens", "#a request"});
    for (size_t i = 0; i < c->prices.n; i++) {
        const struct card_price *p = &c->prices.v[i];
        table_text(t, p->model);
        table_cell(t, price_text(p->pico_input, 1e6), NULL);
        table_cell(t, price_text(p->pico_output, 1e6), NULL);
        table_cell(t, price_text(p->pico_request, 1e12), NULL);
    }
    if (source)
        doc_text(doc, mem_printf("Costs are %s.", source));
}

void card_document(const struct card *c, struct doc *doc)
{
    char day[11];
    clock_date(c->d.info.started_ms, day);
    doc->title = mem_printf("Model card: router %s", c->d.router.name);
    doc->subtitle = mem_printf("Of %s; evaluated %s on %s, shunt %s.", c->d.store_name, day,
                               c->d.router.folds > 0 ? "all folds" : "test",
                               c->d.info.version ? c->d.info.version : "");
    doc->footer = mem_strdup("Intervals resample groups of prompts. The same numbers for programs: "
                             "card.json.");
    content_verdict(&c->d, doc);
    say_what(c, doc);
    say_data(c, doc);
    say_features(c, doc);
    say_heads(c, doc);
    say_results(c, doc);
    say_tasks(c, doc);
    say_prices(c, doc);
    doc_heading(doc, "Limits");
    struct block *list = doc_block(doc, BLOCK_LIST);
    for (size_t i = 0; i < c->limits.n; i++)
        doc_item(list, mem_strdup(c->limits.v[i]));
}
