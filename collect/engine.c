/* Launch, wait, judge, retry. What a job means is its owner's business. */
#include "collect/engine.h"

#include "collect/heap.h"
#include "collect/pace.h"
#include "core/clock.h"

#include <math.h>
#include <string.h>

struct lane {
    struct job *held; /* taken from `next`, not allowed to leave yet */
    int64_t flying;   /* in flight */
    struct pace pace;
    double not_before_s; /* paused by its provider until then */
    int in_a_row;        /* jobs given up since the last answer */
    bool stopped;
    bool dry;        /* had nothing to launch in this round */
    bool empty;      /* `next` has given its last, as far as it knows */
    int64_t waiting; /* jobs between two tries */
    bool refused;    /* a try was not admitted for good */
    enum trouble why;
    char message[240];
};

struct engine {
    const struct engine_options *o;
    const struct engine_ops *ops;
    void *arg;
    struct http *http;
    struct lane *lane;
    struct heap retry; /* jobs by the time of their next try */
    struct rng rng;
    int64_t flying;
    int64_t live; /* lanes that still want slots */
    size_t turn;  /* the lane that is served first */
    bool ending;  /* launch nothing more */
    int rc;       /* the first failure of an op; then everything is wound up */
    struct err *e;
};

static int64_t lane_limit(const struct engine *g)
{
    return g->o->per_lane > 0 && g->o->per_lane < g->o->jobs ? g->o->per_lane : g->o->jobs;
}

static bool lane_live(const struct lane *l)
{
    return !l->stopped && (!l->empty || l->flying > 0 || l->waiting > 0);
}

static void count_live(struct engine *g)
{
    g->live = 0;
    for (size_t i = 0; i < g->o->lanes; i++)
        g->live += lane_live(&g->lane[i]);
}

/* A lane may have its fair share of the slots, and of the others what no other lane could claim as
 * its fair share: one that hangs holds no more than that. */
static bool lane_full(const struct engine *g, const struct lane *l)
{
    if (pace_full(&l->pace, l->flying))
        return true;
    int64_t fair = (g->o->jobs + g->live - 1) / (g->live > 0 ? g->live : 1), claimed = 0;
    if (l->flying < fair)
        return false;
    for (size_t i = 0; i < g->o->lanes; i++) {
        const struct lane *other = &g->lane[i];
        int64_t share = other->pace.window < (double)fair ? (int64_t)other->pace.window : fair;
        if (other != l && lane_live(other) && other->flying < share)
            claimed += share - other->flying;
    }
    return g->o->jobs - g->flying <= claimed;
}

static void fail(struct engine *g, int rc)
{
    if (g->rc == ERR_OK)
        g->rc = rc;
    g->ending = true;
}

static void release(struct engine *g, struct job *j)
{
    g->ops->release(g->arg, j);
}

static void launch(struct engine *g, struct job *j)
{
    j->request.owner = j;
    j->request.timeout_s = g->o->timeout_s;
    j->started_ms = clock_unix_ms();
    struct err why = {0};
    int rc = http_start(g->http, &j->request, &why);
    if (rc) {
        if (g->rc == ERR_OK)
            err_set(g->e, rc, "%s", why.text);
        fail(g, rc);
        release(g, j);
        return;
    }
    struct lane *l = &g->lane[j->lane];
    j->tries++;
    j->in_flight = true;
    pace_left(&l->pace, l->flying, clock_s());
    l->flying++;
    g->flying++;
}

/* --- results ------------------------------------------------------------------------------------
 */
static void lane_gave_up(struct lane *l, const struct trouble_info *info)
{
    if (!trouble_stops_model(info->class) || ++l->in_a_row < ENGINE_STOP_AFTER)
        return;
    if (!l->stopped) {
        l->why = info->class;
        memcpy(l->message, info->message, sizeof l->message);
    }
    l->stopped = true;
}

/* Whether to try again, and when; fills j->wait_s. */
static bool try_again(struct engine *g, struct job *j, const struct trouble_info *info)
{
    const struct lane *l = &g->lane[j->lane];
    if (!info->retry || g->ending || l->stopped)
        return false;
    if (info->class == TROUBLE_RATE_LIMIT ? j->refusals > g->o->retries * ENGINE_REFUSALS
                                          : j->tries - j->refusals > g->o->retries)
        return false;
    double wait_s = retry_delay_s(j->tries, info->retry_after_s, &g->rng);
    j->wait_s = wait_s;
    return wait_s >= 0;
}

static void adapt(struct lane *l, const struct job *j, const struct http_result *r,
                  const struct trouble_info *info)
{
    double now = clock_s();
    if (info->class == TROUBLE_RATE_LIMIT)
        pace_refused(&l->pace, &r->rates, l->flying, info->retry_after_s, now);
    else
        pace_heard(&l->pace, &r->rates, info->class == TROUBLE_NONE, j->tokens, now);
}

/* When the lane may send its next request. */
static double lane_due_s(const struct lane *l, double now)
{
    double due = pace_next_s(&l->pace, l->flying, now);
    return due > l->not_before_s ? due : l->not_before_s;
}

static void on_result(void *arg, void *owner, const struct http_result *r)
{
    struct engine *g = arg;
    struct job *j = owner;
    struct lane *l = &g->lane[j->lane];
    struct trouble_info info = {0};
    double waited_s = j->wait_s;
    j->in_flight = false;
    l->flying--;
    g->flying--;
    g->ops->judge(g->arg, j, r, &info);
    j->refusals += info.class == TROUBLE_RATE_LIMIT;
    adapt(l, j, r, &info);
    bool again = info.class != TROUBLE_NONE && try_again(g, j, &info);
    double next_wait_s = j->wait_s;
    j->wait_s = waited_s; /* the report tells the wait before this try */
    struct try_report report = {r, &info, again};
    int rc = g->ops->tried(g->arg, j, &report, g->rc ? NULL : g->e);
    if (rc)
        fail(g, rc);
    if (info.class == TROUBLE_NONE)
        l->in_a_row = 0;
    else if (!again)
        lane_gave_up(l, &info);
    if (!again || g->rc) {
        release(g, j);
        return;
    }
    j->wait_s = next_wait_s;
    double due_s = clock_s() + next_wait_s;
    if (info.class == TROUBLE_RATE_LIMIT && !isnan(info.retry_after_s) && due_s > l->not_before_s)
        l->not_before_s = due_s;
    heap_push(&g->retry, due_s, j);
    l->waiting++;
}

/* --- launching ----------------------------------------------------------------------------------
 */
/* A job of the lane that may leave now, or NULL. */
static struct job *lane_take(struct engine *g, size_t i, double now)
{
    struct lane *l = &g->lane[i];
    if (l->stopped || l->dry || lane_full(g, l) || now < lane_due_s(l, now))
        return NULL;
    if (!l->held) {
        int rc = g->ops->next(g->arg, i, &l->held, g->rc ? NULL : g->e);
        if (rc < 0)
            fail(g, rc);
        l->empty = rc <= 0;
        if (l->empty) {
            l->held = NULL;
            l->dry = true;
            return NULL;
        }
        l->held->lane = i;
    }
    if (!g->ops->admit(g->arg, l->held)) {
        l->dry = true;
        return NULL;
    }
    struct job *j = l->held;
    l->held = NULL;
    return j;
}

/* Tries that are due. One whose lane is full or paused waits a little longer; one that is not
 * admitted while nothing is in flight never will be. */
static void launch_due(struct engine *g, double now)
{
    while (!g->ending && g->flying < g->o->jobs && heap_due(&g->retry) <= now) {
        struct job *j = heap_pop(&g->retry);
        struct lane *l = &g->lane[j->lane];
        bool full = lane_full(g, l);
        double due = lane_due_s(l, now);
        if (!l->stopped && (full || now < due)) {
            heap_push(&g->retry, full ? now + .05 : due, j);
            continue;
        }
        bool admitted = !l->stopped && g->ops->admit(g->arg, j);
        if (!l->stopped && !admitted && g->flying > 0) {
            heap_push(&g->retry, now + .05, j);
            continue;
        }
        l->waiting--;
        if (admitted) {
            launch(g, j);
        } else {
            l->refused = l->refused || !l->stopped;
            release(g, j);
        }
    }
}

static void launch_new(struct engine *g, double now)
{
    size_t idle = 0;
    for (size_t i = 0; i < g->o->lanes; i++)
        g->lane[i].dry = false;
    while (!g->ending && g->flying < g->o->jobs && idle < g->o->lanes) {
        size_t i = g->turn++ % g->o->lanes;
        struct job *j = lane_take(g, i, now);
        idle = j ? 0 : idle + 1;
        if (j)
            launch(g, j);
    }
}

/* --- the loop -----------------------------------------------------------------------------------
 */
/* Nothing is in flight or waiting, and no lane has anything to give. */
static bool finished(const struct engine *g)
{
    if (g->flying > 0)
        return false;
    if (g->ending)
        return true;
    if (g->retry.n > 0)
        return false;
    for (size_t i = 0; i < g->o->lanes; i++)
        if (!g->lane[i].dry && !g->lane[i].stopped)
            return false;
    return true;
}

/* Milliseconds until something is due, at most 50: batches are committed between events. */
static int wait_ms(const struct engine *g, double now)
{
    double until = now + .05;
    if (!g->ending && g->flying < g->o->jobs) {
        if (heap_due(&g->retry) < until)
            until = heap_due(&g->retry);
        for (size_t i = 0; i < g->o->lanes; i++) {
            const struct lane *l = &g->lane[i];
            double due = l->stopped ? now : lane_due_s(l, now);
            if (due > now && due < until)
                until = due;
        }
    }
    return until <= now ? 0 : (int)((until - now) * 1000) + 1;
}

static void loop(struct engine *g)
{
    double drop_at_s = (double)INFINITY;
    for (;;) {
        double now = clock_s();
        if (interrupted() && !g->ending) {
            g->ending = true;
            drop_at_s = now + ENGINE_GRACE_S;
        }
        count_live(g);
        launch_due(g, now);
        launch_new(g, now);
        if (finished(g))
            break;
        if (g->rc || now >= drop_at_s) {
            http_drop_all(g->http, on_result, g);
            continue;
        }
        int rc = http_poll(g->http, wait_ms(g, now), on_result, g, g->rc ? NULL : g->e);
        if (rc == ERR_OK)
            rc = g->ops->tick(g->arg, g->rc ? NULL : g->e);
        if (rc)
            fail(g, rc);
    }
}

static void tell_end(struct engine *g, size_t i, bool cut_off, struct lane_end *end)
{
    struct lane *l = &g->lane[i];
    *end = (struct lane_end){.state = l->stopped              ? LANE_STOPPED
                                      : cut_off               ? LANE_CUT_OFF
                                      : l->held || l->refused ? LANE_HELD
                                                              : LANE_DONE,
                             .why = l->why};
    memcpy(end->message, l->message, sizeof end->message);
    if (l->held)
        release(g, l->held);
}

int engine_run(const struct engine_options *o, const struct engine_ops *ops, void *arg,
               struct lane_end *ends, struct err *e)
{
    struct engine g = {.o = o, .ops = ops, .arg = arg, .e = e};
    int rc = http_new((size_t)o->jobs, &g.http, e);
    if (rc)
        return rc;
    g.lane = mem_array(o->lanes, sizeof *g.lane);
    for (size_t i = 0; i < o->lanes; i++)
        pace_init(&g.lane[i].pace, (double)lane_limit(&g));
    rng_seed(&g.rng, o->seed);
    loop(&g);
    while (g.retry.n)
        release(&g, heap_pop(&g.retry));
    for (size_t i = 0; i < o->lanes; i++)
        tell_end(&g, i, g.ending, &ends[i]);
    VEC_FREE(&g.retry);
    free(g.lane);
    http_free(g.http);
    return g.rc;
}
