/* Facts about the router and about the data. */
#include "reports/content.h"

#include "core/json.h"
#include "core/mem.h"
#include "reports/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fact(struct table *t, const char *name, char *value)
{
    table_text(t, name);
    table_cell(t, value, NULL);
}

static void fact_number(struct table *t, const char *name, const struct json *j, int decimals)
{
    if (json_type(j) == JSON_NUMBER)
        fact(t, name, text_number(json_num(j, 0), decimals));
}

static void fact_count(struct table *t, const char *name, const struct json *j)
{
    int64_t n = 0;
    if (json_int64(j, &n) && n > 0)
        fact(t, name, text_count(n));
}

static void number_cell(struct table *t, const struct json *head, const char *key, int decimals)
{
    table_cell(t, text_number(json_num(json_get(head, key), (double)NAN), decimals), NULL);
}

static char *slope_text(const struct json *head)
{
    AUTO_FREE char *slope = text_number(json_num(json_get(head, "slope"), (double)NAN), 3);
    AUTO_FREE char *offset = text_number(json_num(json_get(head, "offset"), (double)NAN), 3);
    return mem_printf("slope %s, offset %s", slope, offset);
}

static void heads_table(const struct json *heads, struct doc *doc)
{
    static const char *const names[] = {
        "Model", "#Prompts", "#Mean score", "#Log loss",  "#of task means", "#of base rate",
        "#ECE",  "#Brier",   "#C",          "#Shrinkage", "Calibration"};
    if (json_count(heads) == 0)
        return;
    struct table *t =
        doc_table(doc,
                  "The heads on prompts that they never saw: one logistic regression a "
                  "model. Log loss of the table of task means and of the base rate "
                  "beside it; ECE: expected calibration error.",
                  11, names);
    for (const struct json *h = json_first(heads); h; h = json_next(h)) {
        int64_t n = 0;
        json_int64(json_get(h, "prompts"), &n);
        const char *how = json_str(json_get(h, "calibration"));
        const char *name = json_str(json_get(h, "model"));
        table_text(t, name ? name : TEXT_NONE);
        table_cell(t, text_count(n), NULL);
        number_cell(t, h, "mean_score", 4);
        number_cell(t, h, "log_loss", 4);
        number_cell(t, h, "log_loss_task_means", 4);
        number_cell(t, h, "log_loss_base_rate", 4);
        number_cell(t, h, "ece", 4);
        number_cell(t, h, "brier", 4);
        number_cell(t, h, "c", 2);
        number_cell(t, h, "shrinkage", 1);
        if (json_bool(json_get(h, "constant"), false))
            table_text(t, "constant: one class only");
        else if (how && !strcmp(how, "sigmoid"))
            table_cell(t, mem_strdup(how), slope_text(h));
        else
            table_text(t, how ? how : TEXT_NONE);
    }
}

void content_router(const struct report_data *d, struct doc *doc)
{
    const struct router *r = &d->router;
    struct json *m = NULL;
    if (r->metrics && json_parse(r->metrics, strlen(r->metrics), &m, NULL))
        m = NULL; /* an unreadable object is only left out */
    doc_heading(doc, "The router");
    struct table *t = doc_table(doc, "Facts", 2, (const char *const[]){"Router", "Value"});
    fact(t, "Name", mem_strdup(r->name));
    fact(t, "Encoder", mem_strdup(r->encoder));
    fact(t, "Mode",
         r->folds > 0 ? mem_printf("%s, %" PRId64 " folds", r->mode, r->folds)
                      : mem_strdup(r->mode));
    fact(t, "Seed", mem_printf("%" PRId64, r->seed));
    fact(t, "Data hash", mem_strdup(r->data_hash));
    fact_count(t, "Prompts, training", json_get(m, "prompts_train"));
    fact_count(t, "Prompts, validation", json_get(m, "prompts_validation"));
    fact_count(t, "Prompts, test", json_get(m, "prompts_test"));
    fact_count(t, "Feature buckets kept", json_get(m, "buckets_kept"));
    fact_number(t, "Seconds to fit", json_get(m, "fit_seconds"), 1);
    const struct json *c = json_get(m, "complexity");
    fact_count(t, "Prompts with a complexity label, held out", json_get(c, "prompts"));
    fact_number(t, "Complexity: accuracy", json_get(c, "accuracy"), 3);
    fact_number(t, "Complexity: accuracy of the most frequent label",
                json_get(c, "accuracy_majority"), 3);
    fact_number(t, "Complexity: quadratic kappa", json_get(c, "quadratic_kappa"), 3);
    heads_table(json_get(m, "heads"), doc);
    json_free(m);
}

struct names {
    VEC(const char *) all;
};

static size_t name_at(struct names *n, const char *name)
{
    for (size_t i = 0; i < n->all.n; i++)
        if (!strcmp(n->all.v[i], name))
            return i;
    VEC_PUSH(&n->all, name);
    return n->all.n - 1;
}

static const char *role_text(const char *role)
{
    return !strcmp(role, "fold") ? "cross-fitted" : role[0] ? role : "none";
}

/* Rows of a name (task or complexity), columns of a role. */
static void count_table(const struct report_data *d, const char *title, bool task, struct doc *doc)
{
    struct names rows = {0}, roles = {0};
    for (size_t i = 0; i < d->groups.n; i++) {
        name_at(&rows, task ? d->groups.v[i].task : d->groups.v[i].complexity);
        name_at(&roles, d->groups.v[i].role);
    }
    const size_t columns = roles.all.n < COLUMNS_MAX - 2 ? roles.all.n : COLUMNS_MAX - 2;
    AUTO_FREE int64_t *n = mem_array(rows.all.n * (columns + 1), sizeof *n);
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct prompt_group *g = &d->groups.v[i];
        const size_t r = name_at(&rows, task ? g->task : g->complexity),
                     c = name_at(&roles, g->role);
        n[r * (columns + 1) + columns] += g->prompts;
        if (c < columns)
            n[r * (columns + 1) + c] += g->prompts;
    }
    const bool said = rows.all.n > 1 || (rows.all.n == 1 && rows.all.v[0][0]);
    if (said) {
        struct table *t =
            doc_table(doc, title, 1, (const char *const[]){task ? "Task" : "Complexity"});
        for (size_t c = 0; columns > 1 && c < columns; c++)
            table_column(t, role_text(roles.all.v[c]), true);
        table_column(t, "Prompts", true);
        for (size_t r = 0; r < rows.all.n; r++) {
            table_text(t, rows.all.v[r][0] ? rows.all.v[r] : "(none)");
            for (size_t c = columns > 1 ? 0 : columns; c <= columns; c++)
                table_cell(t, text_count(n[r * (columns + 1) + c]), NULL);
        }
    }
    VEC_FREE(&rows.all);
    VEC_FREE(&roles.all);
}

static void role_list(const struct report_data *d, struct doc *doc)
{
    struct names roles = {0};
    AUTO_FREE int64_t *n = mem_array(d->groups.n, sizeof *n);
    int64_t all = 0;
    for (size_t i = 0; i < d->groups.n; i++) {
        n[name_at(&roles, d->groups.v[i].role)] += d->groups.v[i].prompts;
        all += d->groups.v[i].prompts;
    }
    struct buf b = BUF_INIT(0);
    AUTO_FREE char *total = text_count(all), *used = text_count(d->prompts);
    buf_addf(&b, "%s prompts in the store, %s of them evaluated; by part: ", total, used);
    for (size_t i = 0; i < roles.all.n; i++) {
        AUTO_FREE char *count = text_count(n[i]);
        buf_addf(&b, "%s%s %s", i ? ", " : "", role_text(roles.all.v[i]), count);
    }
    buf_addc(&b, '.');
    doc_text(doc, buf_detach(&b, NULL));
    VEC_FREE(&roles.all);
}

static void models_table(const struct report_data *d, struct doc *doc)
{
    static const char *const names[] = {"Model",         "#Replies",  "#Scored",
                                        "#With latency", "Cost from", "Came in by"};
    if (!d->facts.n)
        return;
    struct table *t =
        doc_table(doc, "Replies behind each model, and where its costs come from.", 6, names);
    for (size_t i = 0; i < d->facts.n; i++) {
        const struct model_facts *f = &d->facts.v[i];
        table_text(t, f->name);
        table_cell(t, text_count(f->replies), NULL);
        table_cell(t, text_count(f->scored), NULL);
        table_cell(t, text_count(f->timed), NULL);
        if (!f->priced && f->reported_cost && f->reported_cost < f->replies) {
            AUTO_FREE char *n = text_count(f->replies - f->reported_cost);
            table_cell(t, mem_strdup("reported"), mem_printf("missing for %s", n));
        } else {
            table_text(t, f->priced          ? "tokens x price"
                          : f->reported_cost ? "reported"
                                             : "none: not known");
        }
        table_text(t, f->imported ? "import" : "collection");
    }
}

void content_data(const struct report_data *d, struct doc *doc)
{
    role_list(d, doc);
    bool missing = false;
    for (size_t i = 0; i < d->notes.n; i++)
        missing = missing || !strcmp(d->notes.v[i].key, "missing");
    if (missing) {
        doc_text(doc, mem_strdup("Left out, or not known:"));
        struct block *b = doc_block(doc, BLOCK_LIST);
        for (size_t i = 0; i < d->notes.n; i++)
            if (!strcmp(d->notes.v[i].key, "missing"))
                doc_item(b, mem_strdup(d->notes.v[i].text));
    }
    models_table(d, doc);
    count_table(d, "Prompts by complexity", false, doc);
    count_table(d, "Prompts by task", true, doc);
}
