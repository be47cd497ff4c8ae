/* libshunt for services: hot reload, budgets, counters and logs. Part of shunt.h. */
#ifndef SHUNT_OPS_H
#define SHUNT_OPS_H

#include "shunt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- hot reload ----
 * A handle holds the table in force. Readers take it for as long as they use it, one atomic
 * addition at each end, no lock and no wait; a writer puts a new one in its place at any time. A
 * replaced table is closed by whoever leaves it last. */

struct shunt_handle;
struct shunt_lease {
    const struct shunt_table *table;
    uint64_t opaque;
};

/* A handle that owns t from now on (on failure t stays the caller's). 0 or SHUNT_E_NOMEM,
 * SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_handle_new(struct shunt_table *t, struct shunt_handle **out);

/* Close the table and free the handle; NULL is allowed. No reader may be left. */
SHUNT_API void shunt_handle_free(struct shunt_handle *h);

/* The table in force, usable until the lease is given back (by any thread, once). Never fails. */
SHUNT_API const struct shunt_table *shunt_handle_acquire(struct shunt_handle *h,
                                                         struct shunt_lease *lease);
SHUNT_API void shunt_handle_release(struct shunt_handle *h, struct shunt_lease *lease);

/* Put t, owned by the handle from now on, in force. 0, or SHUNT_E_BUSY: nothing has changed and t
 * stays the caller's. Writers wait for each other. */
SHUNT_API int shunt_handle_swap(struct shunt_handle *h, struct shunt_table *t);

/* Open, check (recorded answers too) and swap; on failure the old table stays in force and err
 * (errlen bytes, may be NULL) tells why. */
SHUNT_API int shunt_handle_reload(struct shunt_handle *h, const char *path, char *err,
                                  size_t errlen);

/* Tables open in the handle: the one in force, and those that readers have not left yet. */
SHUNT_API int shunt_handle_tables(struct shunt_handle *h);

/* ---- budgets: a ledger of what models and users may cost ----
 * The caller owns it and may share it between threads and tables (names count, not indexes). Days
 * and months are UTC's; now_s is seconds since 1970, given by the caller so that nothing here looks
 * at a clock. Money is nano-dollars. Names are 1 to 255 bytes without control characters. */

struct shunt_budget;

enum shunt_budget_kind { SHUNT_BUDGET_MODEL = 0, SHUNT_BUDGET_USER = 1 };

/* What a plan does over a limit. */
enum shunt_budget_action {
    SHUNT_BUDGET_TABLE = 0,    /* as the table says; the default */
    SHUNT_BUDGET_CHEAPEST = 1, /* the cheapest allowed model answers */
    SHUNT_BUDGET_REFUSE = 2,   /* nobody answers */
};

/* 0 or SHUNT_E_NOMEM, SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_budget_new(struct shunt_budget **out);
SHUNT_API void shunt_budget_free(struct shunt_budget *b);
SHUNT_API int shunt_budget_over(struct shunt_budget *b, int action);

/* Limit one model or user, or with name NULL each one without limits of its own. -1: no limit.
 * 0 or SHUNT_E_NOMEM, SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_budget_limit(struct shunt_budget *b, int kind, const char *name,
                                 int64_t day_nusd, int64_t month_nusd);

/* Book cost_nusd (>= 0) on model and user (either may be NULL: nobody), if every limit of both
 * holds afterwards; all or nothing, also between threads. 0 or SHUNT_E_BUDGET, _NOMEM, _ARGUMENT.
 */
SHUNT_API int shunt_budget_reserve(struct shunt_budget *b, const char *model, const char *user,
                                   int64_t cost_nusd, int64_t now_s);

/* Replace a booked amount by what the call did cost, whatever the limits say. 0 or SHUNT_E_*. */
SHUNT_API int shunt_budget_settle(struct shunt_budget *b, const char *model, const char *user,
                                  int64_t reserved_nusd, int64_t cost_nusd, int64_t now_s);

/* Spent by one model or user in the day and the month of now_s. 0 or SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_budget_spent(struct shunt_budget *b, int kind, const char *name, int64_t now_s,
                                 int64_t *day_nusd, int64_t *month_nusd);

/* The ledger as a text file (written beside it and renamed), and back. 0 or SHUNT_E_IO, _NOMEM,
 * SHUNT_E_DAMAGED (*out is not written then). */
SHUNT_API int shunt_budget_save(struct shunt_budget *b, const char *path);
SHUNT_API int shunt_budget_load(const char *path, struct shunt_budget **out);

/* Let a plan that has begun, and made no step yet, consult b (kept until the plan ends) for each
 * call; user may be NULL and is kept too. Each call books its expected cost, each outcome settles
 * it. 0 or SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_plan_budget(struct shunt_plan *p, struct shunt_budget *b, const char *user,
                                int64_t now_s);

/* ---- counters and logs ----
 * What a router did, beside what its table promised. One struct shunt_stats counts for one table;
 * any number of threads may count at once, without a lock. */

struct shunt_stats;

/* Counters for t, all 0. 0 or SHUNT_E_NOMEM, SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_stats_new(const struct shunt_table *t, struct shunt_stats **out);
SHUNT_API void shunt_stats_free(struct shunt_stats *s);

/* Count one decision: its model as chosen, its expected quality and cost, its complexity. quality
 * [shunt_model_count(t)], from shunt_predict or shunt_plan_state, adds every model's score to the
 * drift; NULL: not known. */
SHUNT_API void shunt_stats_decision(struct shunt_stats *s, const struct shunt_decision *d,
                                    const double *quality);

/* Count one step of a plan: escalated, fell back, served (accepted), refused (gave up; also by
 * model, the one that failed last or was not asked). A caller without plans calls it for no step,
 * and served stays 0. */
SHUNT_API void shunt_stats_step(struct shunt_stats *s, const struct shunt_step *step);

/* Count a status that is no decision: SHUNT_E_NO_MODEL and SHUNT_E_BUDGET as refused, others as
 * errors. */
SHUNT_API void shunt_stats_status(struct shunt_stats *s, int status);

/* Counts so far. */
struct shunt_counts {
    uint32_t size; /* SHUNT_COUNTS_INIT */
    uint32_t zero;
    uint64_t chosen, served, escalated, fell_back; /* escalated, fell_back: to this model */
    double mean_quality;                           /* expected, over chosen; 0 without */
    double mean_cost_nusd;                         /* likewise, over those of known cost */
    uint64_t refused;                              /* plans that gave up at this model */
};
/* clang-format off */
#define SHUNT_COUNTS_INIT { sizeof(struct shunt_counts), 0, 0, 0, 0, 0, 0.0, 0.0, 0 }
/* clang-format on */
SHUNT_API int shunt_stats_get(const struct shunt_stats *s, int model, struct shunt_counts *out);

/* Population stability index of what was counted against the deciles of the table: -1 for
 * complexity, else a model's expected quality. Under 0.1 is usually called stable, over 0.25 drift.
 * Negative where the table keeps no deciles or nothing was counted. */
SHUNT_API double shunt_stats_psi(const struct shunt_stats *s, int model);

/* All of it as text in Prometheus' exposition format 0.0.4. out [cap] is written up to cap bytes
 * and not NUL-terminated; *needed is the full length. 0 or SHUNT_E_ARGUMENT. */
SHUNT_API int shunt_stats_text(const struct shunt_stats *s, char *out, size_t cap, size_t *needed);

/* A decision, and with step (may be NULL) what became of it, as one line of JSON with
 * OpenTelemetry's gen_ai.* names where they exist and shunt.* elsewhere. id (may be NULL) is the
 * caller's name of the request, time_unix_ns its time (0: left out). Sizes as above. */
SHUNT_API int shunt_event_json(const struct shunt_table *t, const struct shunt_decision *d,
                               const struct shunt_step *step, const char *id, uint64_t time_unix_ns,
                               char *out, size_t cap, size_t *needed);

#ifdef __cplusplus
}
#endif

#endif
