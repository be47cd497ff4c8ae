/* A run: lanes of the engine are models, jobs are asks. Wires cursors, purse and writer together,
 * counts, and says at the end what is missing.
 */
#include "collect/collect.h"

#include "collect/asks.h"
#include "collect/backlog.h"
#include "collect/estimate.h"
#include "collect/normal.h"
#include "collect/recover.h"
#include "collect/report.h"
#include "core/bars.h"
#include "core/clock.h"
#include "core/log.h"
#include "store/attempt.h"
#include "store/failed.h"
#include "store/prompt.h"
#include "store/where.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of the store: prompts are read and replies added in order, so that more would lie there unused.
 */
enum { CACHE_BYTES = 8 << 20 };

struct run {
    struct store *store;
    const struct collect_options *o;
    struct target *target;
    struct asks *asks;
    size_t n;
    struct collect_summary *sum;
    struct backlog *backlog; /* while requests are under way */
    struct purse purse;
    struct journal *journal;
    struct err failure;     /* code not 0: the run is to end with it */
    money_wide before_nusd; /* of earlier runs, counted under the cap */
    struct bars *bars;
    int64_t failed; /* over all models */
};

void collect_summary_deinit(struct collect_summary *s)
{
    for (size_t i = 0; i < s->models.n; i++)
        free(s->models.v[i].name);
    VEC_FREE(&s->models);
}

/* --- the engine's questions ---------------------------------------------------------------------
 */
static int next(void *arg, size_t lane, struct job **out, struct err *e)
{
    struct run *r = arg;
    struct ask *a = NULL;
    int rc = asks_next(&r->asks[lane], r->store, &a, e);
    if (rc == 1)
        *out = &a->job;
    return rc;
}

static void let_go(struct run *r, struct ask *a, int k)
{
    if (a->out[k].holding)
        purse_settle(&r->purse, a->worst_nusd, MONEY_UNKNOWN, false, false);
    if (a->out[k].holding && a->out[k].sent)
        journal_settle(r->journal, a->out[k].sent);
    a->out[k].holding = false;
}

/* What leaves is in the journal before: if this process is killed, it counts at its worst. */
static int note_sent(struct run *r, struct ask *a, int k, struct err *e)
{
    int64_t now = clock_unix_ms();
    a->started_ms = now > a->started_ms ? now : a->started_ms + 1;
    a->out[k].started_ms = a->started_ms;
    struct journal_record record = {.kind = JOURNAL_SENT,
                                    .prompt = a->prompt,
                                    .model_config = r->target[a->job.lane].model_config,
                                    .sample = a->sample,
                                    .started_ms = a->started_ms,
                                    .charge_nusd = a->worst_nusd,
                                    .wait_s = k ? 0 : a->job.wait_s,
                                    .request_hash = a->hash,
                                    .ext_id = a->ext_id,
                                    .model = r->target[a->job.lane].config->name,
                                    .protocol = "-"};
    int rc = journal_add(r->journal, &record, e);
    a->out[k].sent = rc ? 0 : journal_last(r->journal);
    return rc;
}

static int admit(void *arg, struct job *j)
{
    struct run *r = arg;
    struct ask *a = (struct ask *)j;
    struct err why = {0};
    if (r->failure.code)
        return 0;
    int k = j->flight[0].up; /* a second one beside it */
    a->out[k].holding = purse_hold(&r->purse, a->worst_nusd);
    if (!a->out[k].holding || note_sent(r, a, k, &why) == ERR_OK)
        return a->out[k].holding;
    r->failure = why; /* what cannot be written down is not paid for */
    let_go(r, a, k);
    return 0;
}

static void judge(void *arg, struct job *j, const struct http_result *res,
                  struct trouble_info *info)
{
    struct run *r = arg;
    struct ask *a = (struct ask *)j;
    const struct target *t = &r->target[j->lane];
    adapter_read(t->adapter, res, t->endpoint.secret, &a->answer, info);
    if (a->answer.usage.input >= 0 && a->answer.usage.output >= 0)
        j->tokens = (double)(a->answer.usage.input + a->answer.usage.output);
    if (info->class == TROUBLE_NONE)
        a->answer.is_normalised =
            normal_text(t->config->output, a->answer.text.data, &a->answer.normalised);
}

/* What the provider says beside what its prices make of it. */
static void count_reported(struct collect_model *m, int64_t reported, int64_t cost)
{
    if (reported == MONEY_UNKNOWN || cost == MONEY_UNKNOWN)
        return;
    int64_t gap = reported > cost ? reported - cost : cost - reported;
    m->reported++;
    m->reported_nusd += reported;
    m->beside_nusd += cost;
    m->differ += gap > (reported > cost ? reported : cost) / 100;
}

static void count_answer(struct collect_model *m, const struct ask *a,
                         const struct http_result *res, int64_t cost)
{
    const struct usage *u = &a->answer.usage;
    m->ok++;
    m->input_tokens += u->input > 0 ? u->input : 0;
    m->output_tokens += u->output > 0 ? u->output : 0;
    m->latency_sum_ms += res->latency_ms;
    if (!isnan(res->ttft_ms)) {
        m->timed++;
        m->ttft_sum_ms += res->ttft_ms;
        if (u->output > 0) {
            m->timed_tokens += u->output;
            m->after_sum_ms += res->latency_ms - res->ttft_ms;
        }
    }
    if (cost == MONEY_UNKNOWN)
        m->cost_unknown++;
    else
        m->cost_nusd += cost;
    count_reported(m, a->answer.reported_nusd, cost);
}

/* The first failure of each kind and model is worth a line, the others are counted. */
static void count_failure(struct run *r, size_t lane, const struct ask *a,
                          const struct trouble_info *info)
{
    struct collect_model *m = &r->sum->models.v[lane];
    m->failed++;
    r->failed++;
    memcpy(m->message, info->message, sizeof m->message);
    if (m->failures[info->class]++ == 0 && info->class != TROUBLE_INTERRUPTED)
        log_warn("model '%s': %s: %s (prompt '%s', after %d tries)", m->name,
                 trouble_names[info->class], info->message, a->ext_id, a->job.tries);
}

static int cost_of(struct run *r, const struct target *t, const struct answer *a, int64_t *cost,
                   struct err *e)
{
    if (t->tiers) /* their prices are in the store */
        backlog_lock(r->backlog);
    int rc = target_cost(r->store, t, a, cost, e);
    if (t->tiers)
        backlog_unlock(r->backlog);
    return rc;
}

static int tried(void *arg, struct job *j, const struct try_report *t, struct err *e)
{
    struct run *r = arg;
    struct ask *a = (struct ask *)j;
    const struct target *target = &r->target[j->lane];
    struct collect_model *m = &r->sum->models.v[j->lane];
    bool answered = t->info->class == TROUBLE_NONE;
    int64_t cost = MONEY_UNKNOWN;
    int rc = answered ? cost_of(r, target, &a->answer, &cost, e) : ERR_OK;
    bool paid = answered || t->info->paid;
    int64_t most = answered && a->answer.reported_nusd > cost ? a->answer.reported_nusd : cost;
    int64_t charge = most != MONEY_UNKNOWN ? most : paid ? a->worst_nusd : 0;
    struct writer_names names = {a->ext_id, m->name, a->out[t->hedge].sent};
    purse_settle(&r->purse, a->worst_nusd, most, paid, answered);
    a->out[t->hedge].holding = false;
    m->requests++;
    m->retries += t->number > 1 && !t->hedge;
    m->hedges += t->hedge;
    m->troubles[t->info->class]++;
    if (answered) {
        struct writer_reply w = {.prompt = a->prompt,
                                 .model_config = target->model_config,
                                 .sample = a->sample,
                                 .request_hash = a->hash,
                                 .protocol = target->adapter->name,
                                 .answer = &a->answer,
                                 .result = t->result,
                                 .started_ms = a->out[t->hedge].started_ms,
                                 .wait_s = t->wait_s,
                                 .replace = r->o->refresh,
                                 .charge_nusd = charge,
                                 .names = names};
        a->settled = true;
        count_answer(m, a, t->result, cost);
        return rc ? rc : backlog_reply(r->backlog, &w, &a->answer, e);
    }
    struct attempt w = {.prompt = a->prompt,
                        .model_config = target->model_config,
                        .sample = a->sample,
                        .request_hash = a->hash,
                        .started_ms = a->out[t->hedge].started_ms,
                        .status = t->result->status,
                        .error_class = trouble_names[t->info->class],
                        .wait_ms = t->wait_s * 1000,
                        .latency_ms = t->result->latency_ms,
                        .charge_nusd = charge};
    if (!t->again && t->info->class != TROUBLE_INTERRUPTED && t->info->class != TROUBLE_HEDGED) {
        a->settled = true;
        count_failure(r, j->lane, a, t->info);
    }
    log_debug("model '%s', prompt '%s': %s: %s%s", m->name, a->ext_id,
              trouble_names[t->info->class], t->info->message, t->again ? ", will retry" : "");
    return rc ? rc : backlog_attempt(r->backlog, &w, &names, e);
}

static void release(void *arg, struct job *j)
{
    struct run *r = arg;
    struct ask *a = (struct ask *)j;
    let_go(r, a, 0);
    let_go(r, a, 1);
    ask_free(a);
}

static void show(const struct run *r)
{
    collect_show(r->bars, r->sum, &r->purse, r->failed);
}

static int tick(void *arg, struct err *e)
{
    struct run *r = arg;
    if (bars_due(r->bars))
        show(r);
    if (r->failure.code)
        return err_set(e, r->failure.code, "%s", r->failure.text);
    return backlog_tick(r->backlog, e);
}

/* --- before and after ---------------------------------------------------------------------------
 */
static int open_models(struct run *r, struct err *e)
{
    int64_t prompts = 0;
    work_shard(r->store, r->o->shard, r->o->shards);
    int counted = work_count(r->store, &prompts, e);
    if (counted)
        return counted;
    if (prompts == 0 && prompt_count(r->store) == 0)
        return err_set(e, ERR_USAGE, "'%s' holds no prompts; bring some in with shunt import",
                       store_path(r->store));
    if (prompts == 0 && r->o->where)
        return err_set(e, ERR_USAGE, "no prompt of '%s' is as --where wants it",
                       store_path(r->store));
    if (r->o->limit > 0 && prompts > r->o->limit)
        prompts = r->o->limit;
    r->sum->prompts = prompts;
    counted = work_parents(r->store, &r->sum->parents, e);
    if (counted)
        return counted;
    r->asks = mem_array(r->n, sizeof *r->asks);
    for (size_t i = 0; i < r->n; i++) {
        struct collect_model m = {.name = mem_strdup(r->target[i].config->name),
                                  .wanted = prompts * r->o->samples,
                                  .worst_nusd = MONEY_UNKNOWN};
        int rc = r->o->only_errors ? failed_gather(r->store, r->target[i].model_config,
                                                   r->o->samples, r->o->limit, &m.wanted, e)
                 : r->o->refresh
                     ? ERR_OK
                     : work_replies(r->store, r->target[i].model, r->target[i].model_config,
                                    r->o->samples, r->o->limit, &m.had, e);
        VEC_PUSH(&r->sum->models, m);
        asks_init(&r->asks[i], &r->target[i], r->o);
        if (!rc)
            rc = asks_begin(&r->asks[i], r->store, m.had, e);
        if (rc)
            return rc;
    }
    return ERR_OK;
}

static struct bars *open_bars(const struct run *r)
{
    AUTO_FREE const char **names = mem_array(r->n, sizeof *names);
    AUTO_FREE uint64_t *totals = mem_array(r->n, sizeof *totals);
    for (size_t i = 0; i < r->n; i++) {
        const struct collect_model *m = &r->sum->models.v[i];
        names[i] = m->name;
        totals[i] = m->wanted > m->had ? (uint64_t)(m->wanted - m->had) : 0;
    }
    return bars_new("collect", r->n, names, totals);
}

static void close_model(struct run *r, size_t i, const struct lane_end *end)
{
    struct collect_model *m = &r->sum->models.v[i];
    struct asks *w = &r->asks[i];
    m->failed += w->unsendable;
    m->failures[TROUBLE_BAD_REQUEST] += w->unsendable;
    if (w->unsendable) {
        memcpy(m->message, w->message, sizeof m->message);
        log_warn("model '%s': %s", m->name, w->message);
    }
    if (w->waiting)
        log_note("model '%s': %lld requests wait in batches; shunt collect --batch picks them up",
                 m->name, (long long)w->waiting);
    if (w->end)
        m->had = w->had; /* all were looked at */
    m->not_asked = m->wanted - m->had - m->ok - m->failed;
    if (m->not_asked < 0)
        m->not_asked = 0;
    m->stopped = end->state == LANE_STOPPED;
    if (m->stopped) {
        memcpy(m->message, end->message, sizeof m->message);
        log_warn("model '%s' was given up after %d failures in a row: %s", m->name,
                 ENGINE_STOP_AFTER, end->message);
    }
    if (m->differ)
        log_warn("model '%s': its provider reports $%.6f for %lld replies, the prices make it $%.6f"
                 " (%lld of them differ by over 1 %%); check its prices",
                 m->name, (double)m->reported_nusd * 1e-9, (long long)m->reported,
                 (double)m->beside_nusd * 1e-9, (long long)m->differ);
    r->sum->capped = r->sum->capped || end->state == LANE_HELD;
}

/* The purse begins with what earlier runs were charged for the same selection, and holds what waits
 * in batches. */
static int open_purse(struct run *r, struct err *e)
{
    bool capped = r->o->max_spend_nusd != MONEY_UNKNOWN;
    r->purse.cap_nusd = r->o->max_spend_nusd;
    for (size_t i = 0; i < r->n; i++) {
        struct purse_past past = {0};
        int rc = r->o->new_cap ? attempt_forget(r->store, r->target[i].model_config, e) : ERR_OK;
        if (!rc && capped)
            rc = purse_past(r->store, r->target[i].model, r->o->samples, r->o->limit, &past, e);
        if (rc)
            return rc;
        if (past.unknown)
            log_warn("model '%s': what %lld earlier requests cost is not known, and not under the"
                     " cap",
                     r->target[i].config->name, (long long)past.unknown);
        r->before_nusd += past.spent_nusd;
        r->sum->before_lost_nusd += past.lost_nusd;
        r->sum->batch_nusd += past.held_nusd;
    }
    r->purse.spent_nusd = r->before_nusd;
    r->purse.held_nusd = r->sum->batch_nusd;
    return ERR_OK;
}

static int ask_all(struct run *r, struct err *e)
{
    static const struct engine_ops ops = {next, admit, judge, tried, release, tick};
    AUTO_FREE struct lane_spec *lane = mem_array(r->n, sizeof *lane);
    AUTO_FREE struct lane_end *ends = mem_array(r->n, sizeof *ends);
    struct engine_options eo = {.lanes = r->n,
                                .jobs = r->o->jobs,
                                .per_lane = r->o->per_model,
                                .retries = r->o->retries,
                                .timeout_s = r->o->timeout_s,
                                .seed = r->o->seed,
                                .lane = lane};
    double start_s = clock_s();
    targets_lanes(r->target, r->n, lane);
    int rc = backlog_start(r->store, r->journal, &r->backlog, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < r->n; i++)
        r->asks[i].backlog = r->backlog;
    r->bars = open_bars(r);
    rc = engine_run(&eo, &ops, r, ends, e);
    if (!rc && r->failure.code)
        rc = err_set(e, r->failure.code, "%s", r->failure.text);
    /* What was answered is kept, whatever ended the run. */
    int flushed = backlog_stop(r->backlog, rc ? NULL : e);
    show(r);
    bars_end(r->bars);
    for (size_t i = 0; i < r->n; i++)
        close_model(r, i, &ends[i]);
    r->sum->interrupted = interrupted();
    r->sum->seconds = clock_s() - start_s;
    r->sum->spent_nusd = r->purse.spent_nusd - r->purse.lost_nusd - r->before_nusd;
    r->sum->lost_nusd = r->purse.lost_nusd;
    r->sum->before_nusd = r->before_nusd;
    return rc ? rc : flushed ? flushed : collect_verdict(r->sum, e);
}

/* What would be asked: every cursor is run to its end, nothing leaves. */
static int plan(struct run *r, struct err *e)
{
    int rc = ERR_OK;
    for (size_t i = 0; !rc && i < r->n; i++) {
        struct collect_model *m = &r->sum->models.v[i];
        struct estimate *est;
        struct ask *a;
        int got;
        rc = estimate_begin(&est, r->store, &r->target[i], r->o->batch, e);
        while (!rc && (got = asks_next(&r->asks[i], r->store, &a, e)) != 0) {
            if (got < 0) {
                rc = got;
                break;
            }
            estimate_add(est, a);
            ask_free(a);
            if (interrupted())
                rc = err_set(e, ERR_PARTIAL, "interrupted");
        }
        estimate_end(est, m);
        m->had = r->asks[i].had;
        m->failed = r->asks[i].unsendable;
    }
    return rc;
}

int collect_run(struct store *s, const struct config *c, const struct collect_options *o,
                struct collect_summary *out, struct err *e)
{
    struct run r = {.store = s, .o = o, .sum = out};
    *out = (struct collect_summary){0};
    work_where(s, o->where);
    store_cache(s, CACHE_BYTES);
    struct recovered recovered = {0};
    /* A dry run looks through the same code and takes back what it wrote to look. */
    int rc = o->dry_run ? store_begin(s, e) : ERR_OK;
    if (!rc)
        rc = targets_open(s, c, o, &r.target, &r.n, e);
    if (!rc && !o->dry_run)
        rc = journal_open(store_path(s), &r.journal, e);
    if (!rc && !o->dry_run)
        rc = recover(s, r.journal, c, &recovered, e);
    out->recovered = recovered.replies;
    out->unknown = recovered.unknown;
    out->unknown_nusd = recovered.unknown_nusd;
    if (!rc)
        rc = open_models(&r, e);
    if (!rc && !o->dry_run)
        rc = open_purse(&r, e);
    if (!rc)
        rc = o->dry_run ? plan(&r, e) : ask_all(&r, e);
    if (o->dry_run)
        store_rollback(s);
    for (size_t i = 0; r.asks && i < out->models.n; i++)
        asks_deinit(&r.asks[i]);
    free(r.asks);
    targets_free(r.target, r.n);
    journal_close(r.journal);
    work_where(s, NULL);
    return rc;
}
