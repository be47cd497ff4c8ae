/* What a run of shunt collect came to, for people and for programs. */
#include "cli/collect_more.h"
#include "collect/estimate.h"
#include "core/jsonw.h"
#include "core/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static double mean(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : (double)NAN;
}

static double usd(money_wide nusd)
{
    return (double)nusd * 1e-9;
}

/* Exactly, with nine decimals. */
static void json_money(struct jsonw *w, const char *key, money_wide nusd)
{
    char text[48];
    int64_t n = money_round(nusd, 1);
    snprintf(text, sizeof text, "%" PRId64 ".%09" PRId64, n / 1000000000, n % 1000000000);
    jsonw_raw(w, key, text);
}

/* Null when no reply had a known cost. */
static double cost_usd(const struct collect_model *m)
{
    return m->ok > m->cost_unknown || m->ok == 0 ? usd(m->cost_nusd) : (double)NAN;
}

static void json_range(struct jsonw *w, const char *key, struct collect_range r, int decimals)
{
    char low[64], high[64];
    snprintf(low, sizeof low, "%s_low", key);
    snprintf(high, sizeof high, "%s_high", key);
    jsonw_fix(w, key, r.value, decimals);
    jsonw_fix(w, low, r.low, decimals);
    jsonw_fix(w, high, r.high, decimals);
}

/* What the estimate of a model rests on. */
static const char *basis(const struct collect_model *m)
{
    return m->not_asked == 0           ? NULL
           : m->assumed                ? "assumed"
           : m->pooled == m->not_asked ? "other tasks"
           : m->pooled                 ? "partly other tasks"
                                       : "measured";
}

static void json_plan(struct jsonw *w, const struct collect_model *m)
{
    jsonw_int(w, "requests", m->not_asked);
    json_range(w, "input_tokens_estimate", m->estimate_input, 0);
    json_range(w, "output_tokens_estimate", m->estimate_output, 0);
    json_range(w, "cost_usd_estimate", m->estimate_usd, 9);
    if (m->worst_nusd == MONEY_UNKNOWN)
        jsonw_null(w, "cost_usd_at_most");
    else
        json_money(w, "cost_usd_at_most", m->worst_nusd);
    jsonw_str(w, "basis", basis(m));
    jsonw_int(w, "measured_replies", m->measured);
    jsonw_int(w, "requests_by_other_tasks", m->pooled);
    jsonw_int(w, "requests_assumed", m->assumed);
}

static void json_model(struct jsonw *w, const struct collect_model *m, bool dry)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "name", m->name);
    jsonw_int(w, "wanted", m->wanted);
    jsonw_int(w, "already_there", m->had);
    if (dry) {
        json_plan(w, m);
        jsonw_end(w);
        return;
    }
    jsonw_int(w, "requests", m->requests);
    jsonw_int(w, "ok", m->ok);
    jsonw_int(w, "failed", m->failed);
    jsonw_int(w, "not_asked", m->not_asked);
    jsonw_int(w, "retries", m->retries);
    jsonw_int(w, "hedges", m->hedges);
    jsonw_int(w, "input_tokens", m->input_tokens);
    jsonw_int(w, "output_tokens", m->output_tokens);
    if (isnan(cost_usd(m)))
        jsonw_null(w, "cost_usd");
    else
        json_money(w, "cost_usd", m->cost_nusd);
    jsonw_int(w, "cost_unknown", m->cost_unknown);
    if (m->reported)
        json_money(w, "reported_usd", m->reported_nusd);
    else
        jsonw_null(w, "reported_usd");
    jsonw_int(w, "reported_differs", m->differ);
    jsonw_num(w, "mean_latency_ms", mean(m->latency_sum_ms, m->ok));
    jsonw_num(w, "mean_ttft_ms", mean(m->ttft_sum_ms, m->timed));
    jsonw_num(w, "output_tokens_per_second",
              m->after_sum_ms > 0 ? (double)m->timed_tokens * 1000 / m->after_sum_ms : (double)NAN);
    jsonw_bool(w, "stopped", m->stopped);
    jsonw_obj(w, "errors");
    for (int c = 1; c < TROUBLES; c++)
        if (m->troubles[c])
            jsonw_int(w, trouble_names[c], m->troubles[c]);
    jsonw_end(w);
    jsonw_end(w);
}

static void print_json(const struct collect_summary *s, bool dry)
{
    struct buf b = BUF_INIT(0);
    struct jsonw w = JSONW_INIT(&b);
    int64_t requests = 0, ok = 0;
    for (size_t i = 0; i < s->models.n; i++) {
        requests += dry ? s->models.v[i].not_asked : s->models.v[i].requests;
        ok += s->models.v[i].ok;
    }
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.collect/1");
    jsonw_bool(&w, "dry_run", dry);
    jsonw_int(&w, "prompts", s->prompts);
    jsonw_int(&w, "parents_of_stages", s->parents);
    jsonw_int(&w, "requests", requests);
    if (!dry) {
        jsonw_int(&w, "ok", ok);
        jsonw_fix(&w, "seconds", s->seconds, 3);
        json_money(&w, "spent_usd", s->spent_nusd);
        json_money(&w, "charged_without_reply_usd_at_most", s->lost_nusd);
        json_money(&w, "spent_before_usd", s->before_nusd);
        json_money(&w, "charged_before_without_reply_usd_at_most", s->before_lost_nusd);
        json_money(&w, "held_in_batches_usd_at_most", s->batch_nusd);
        jsonw_int(&w, "recovered", s->recovered);
        jsonw_int(&w, "unknown_outcome", s->unknown);
        json_money(&w, "unknown_outcome_usd_at_most", s->unknown_nusd);
        jsonw_bool(&w, "interrupted", s->interrupted);
        jsonw_bool(&w, "cap_reached", s->capped);
    }
    if (dry) {
        int64_t unpriced;
        json_range(&w, "cost_usd_estimate", estimate_total(s, &unpriced), 9);
        jsonw_int(&w, "requests_unpriced", unpriced);
    }
    jsonw_arr(&w, "models");
    for (size_t i = 0; i < s->models.n; i++)
        json_model(&w, &s->models.v[i], dry);
    jsonw_end(&w);
    jsonw_end(&w);
    puts(b.data);
    buf_deinit(&b);
}

static int print_plan(const struct collect_summary *s, enum out_shape shape)
{
    struct out *o = out_new(shape, stdout, 10,
                            (const char *const[]){"model", "already_there", "requests",
                                                  "input_tokens", "output_tokens", "usd", "usd_low",
                                                  "usd_high", "usd_at_most", "basis"});
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        out_str(o, m->name);
        out_int(o, m->had);
        out_int(o, m->not_asked);
        out_num(o, m->estimate_input.value, 0);
        out_num(o, m->estimate_output.value, 0);
        out_num(o, m->estimate_usd.value, 6);
        out_num(o, m->estimate_usd.low, 6);
        out_num(o, m->estimate_usd.high, 6);
        out_num(o, money_usd(m->worst_nusd), 6);
        out_str(o, basis(m));
    }
    return out_end(o);
}

/* The total, and what it does not rest on. */
static void print_total(const struct collect_summary *s)
{
    int64_t unpriced, pooled = 0, assumed = 0;
    struct collect_range t = estimate_total(s, &unpriced);
    for (size_t i = 0; i < s->models.n; i++) {
        pooled += s->models.v[i].pooled;
        assumed += s->models.v[i].assumed;
    }
    printf("\ntotal: $%.6f, %s $%.6f to $%.6f", t.value,
           assumed ? "assumed to be from" : "95 % interval", t.low, t.high);
    if (unpriced)
        printf(", WITHOUT %" PRId64 " requests of unknown price", unpriced);
    putchar('\n');
    if (pooled)
        printf("%" PRId64
               " requests are of tasks that their model has hardly answered: estimated by"
               " its other tasks\n",
               pooled);
    if (assumed)
        printf("%" PRId64 " requests are of models without replies: assumed are a token for 4 bytes"
               " (6 to 2) and the whole of max_tokens\n",
               assumed);
}

/* Nobody is to take an unknown price for none. */
static void warn_unpriced(const struct collect_summary *s)
{
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        if (m->not_asked == 0 || !isnan(m->estimate_usd.value))
            continue;
        log_warn("model '%s': what its %" PRId64 " requests would cost is not known: %s", m->name,
                 m->not_asked,
                 isnan(m->estimate_output.value)
                     ? "it has neither replies nor max_tokens to go by"
                     : "give its prices in the config, or with shunt prices");
    }
}

static int print_models(const struct collect_summary *s, enum out_shape shape)
{
    struct out *o = out_new(shape, stdout, 11,
                            (const char *const[]){"model", "already_there", "requests", "ok",
                                                  "failed", "not_asked", "retries", "input_tokens",
                                                  "output_tokens", "usd", "mean_latency_ms"});
    for (size_t i = 0; i < s->models.n; i++) {
        const struct collect_model *m = &s->models.v[i];
        out_str(o, m->name);
        out_int(o, m->had);
        out_int(o, m->requests);
        out_int(o, m->ok);
        out_int(o, m->failed);
        out_int(o, m->not_asked);
        out_int(o, m->retries);
        out_int(o, m->input_tokens);
        out_int(o, m->output_tokens);
        out_num(o, cost_usd(m), 6);
        out_num(o, mean(m->latency_sum_ms, m->ok), 1);
    }
    return out_end(o);
}

static void print_parents(const struct collect_summary *s)
{
    if (s->parents)
        printf("%" PRId64
               " more prompts are parents of staged requests: their stages are asked, they"
               " are not\n",
               s->parents);
}

static void print_head(const struct collect_summary *s, bool dry)
{
    int64_t requests = 0, ok = 0, unknown = 0, hedges = 0;
    char spent[48];
    for (size_t i = 0; i < s->models.n; i++) {
        requests += dry ? s->models.v[i].not_asked : s->models.v[i].requests;
        ok += s->models.v[i].ok;
        unknown += s->models.v[i].cost_unknown;
        hedges += s->models.v[i].hedges;
    }
    if (dry) {
        printf("%" PRId64 " prompts, %" PRId64 " requests would be sent\n", s->prompts, requests);
        print_parents(s);
        putchar('\n');
        return;
    }
    money_format(money_round(s->spent_nusd, 1), 6, spent);
    printf("%" PRId64 " prompts, %" PRId64 " requests, %" PRId64 " new replies in %.1f s, %s\n",
           s->prompts, requests, ok, s->seconds, spent);
    print_parents(s);
    if (s->lost_nusd > 0) {
        money_format(money_round(s->lost_nusd, 1), 6, spent);
        printf("and at most %s for tries that brought no reply but may have been charged\n", spent);
    }
    if (hedges)
        printf("%" PRId64 " requests were slow and sent a second time beside the first\n", hedges);
    if (s->unknown) {
        money_format(money_round(s->unknown_nusd, 1), 6, spent);
        printf("and at most %s for %" PRId64 " requests that a killed run had in flight\n", spent,
               s->unknown);
    }
    if (s->before_nusd > 0) {
        money_format(money_round(s->before_nusd - s->before_lost_nusd, 1), 6, spent);
        printf("under the same cap before: %s", spent);
        money_format(money_round(s->before_lost_nusd, 1), 6, spent);
        printf("%s%s%s\n", s->before_lost_nusd ? ", and at most " : "",
               s->before_lost_nusd ? spent : "",
               s->before_lost_nusd ? " for tries that brought no reply" : "");
    }
    if (s->batch_nusd > 0) {
        money_format(money_round(s->batch_nusd, 1), 6, spent);
        printf("and held for what waits in batches: at most %s\n", spent);
    }
    if (unknown)
        printf("%" PRId64 " replies have no known cost: give prices in the config\n", unknown);
    putchar('\n');
}

int collect_print(const struct collect_summary *s, const struct collect_shape *shape, bool dry,
                  struct err *e)
{
    if (dry)
        warn_unpriced(s);
    if (shape->json) {
        print_json(s, dry);
        return ERR_OK;
    }
    enum out_shape rows = out_shape_of(false, shape->csv, shape->tsv);
    if (rows == OUT_ALIGNED)
        print_head(s, dry);
    if ((dry ? print_plan : print_models)(s, rows))
        return err_set(e, ERR_IO, "cannot write to stdout");
    if (dry && rows == OUT_ALIGNED)
        print_total(s);
    return ERR_OK;
}
