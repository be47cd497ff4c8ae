/* Launch, wait, judge, retry. What a job means is its owner's business. */
#include "collect/engine.h"

#include "collect/heap.h"
#include "core/clock.h"

#include <math.h>
#include <string.h>

struct engine {
    const struct engine_options *o;
    const struct engine_ops *ops;
    void *arg;
    struct http *http;
    struct lanes lanes;
    struct heap retry; /* jobs by the time of their next try */
    struct rng rng;
    size_t turn; /* the lane that is served first */
    bool ending; /* launch nothing more */
    int rc;      /* the first failure of an op; then everything is wound up */
    struct err *e;
};

static void fail(struct engine *g, int rc)
{
    if (g->rc == ERR_OK)
        g->rc = rc;
    g->ending = true;
}

static struct lane *lane_of(struct engine *g, const struct job *j)
{
    return &g->lanes.v[j->lane];
}

static void release(struct engine *g, struct job *j)
{
    g->ops->release(g->arg, j);
}

/* --- jobs that may get a second try beside the first --------------------------------------------
 */
static void list_add(struct lane *l, struct job *j)
{
    j->before = l->last;
    j->after = NULL;
    *(l->last ? &l->last->after : &l->first) = j;
    l->last = j;
    j->listed = true;
}

static void list_remove(struct lane *l, struct job *j)
{
    if (!j->listed)
        return;
    *(j->before ? &j->before->after : &l->first) = j->after;
    *(j->after ? &j->after->before : &l->last) = j->before;
    j->listed = false;
}

/* The second of two tries at once takes the second place. A job whose last try cannot leave is
 * over. */
static void launch(struct engine *g, struct job *j)
{
    bool hedge = j->flight[0].up;
    struct flight *f = &j->flight[hedge];
    struct lane *l = lane_of(g, j);
    struct err why = {0};
    *f = (struct flight){j, clock_s(), j->tries + 1, true};
    j->request.owner = f;
    j->request.timeout_s = g->o->timeout_s;
    int rc = http_start(g->http, &j->request, &why);
    if (rc) {
        if (g->rc == ERR_OK)
            err_set(g->e, rc, "%s", why.text);
        fail(g, rc);
        f->up = false;
        if (!hedge)
            release(g, j);
        return;
    }
    j->tries++;
    j->hedges += hedge;
    lane_left(&g->lanes, l, hedge, f->left_s);
    if (hedge)
        list_remove(l, j);
    else if (hedge_on(&l->hedge))
        list_add(l, j);
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
    const struct lane *l = lane_of(g, j);
    if (!info->retry || g->ending || l->stopped)
        return false;
    if (info->class == TROUBLE_RATE_LIMIT ? j->refusals > g->o->retries * ENGINE_REFUSALS
                                          : j->tries - j->refusals - j->hedges > g->o->retries)
        return false;
    double wait_s = retry_delay_s(j->tries, info->retry_after_s, &g->rng);
    j->wait_s = wait_s;
    return wait_s >= 0;
}

static void adapt(struct lanes *ls, struct lane *l, const struct job *j,
                  const struct http_result *r, const struct trouble_info *info)
{
    double now = clock_s();
    if (info->class == TROUBLE_RATE_LIMIT)
        lane_refused(ls, l, &r->rates, info->retry_after_s, now);
    else
        lane_heard(ls, l, &r->rates, info->class == TROUBLE_NONE, j->tokens, now);
}

static void land(struct engine *g, struct flight *f)
{
    struct lane *l = lane_of(g, f->job);
    f->up = false;
    lane_landed(&g->lanes, l, f->job->flight[0].up || f->job->flight[1].up);
    list_remove(l, f->job);
}

static void report(struct engine *g, const struct flight *f, const struct http_result *r,
                   const struct trouble_info *info, double wait_s, bool again)
{
    struct job *j = f->job;
    bool hedge = f == &j->flight[1];
    struct try_report t = {r, info, hedge ? 0 : wait_s, f->number, hedge, again};
    int rc = g->ops->tried(g->arg, j, &t, g->rc ? NULL : g->e);
    if (rc)
        fail(g, rc);
}

static void on_dropped(void *arg, void *owner, const struct http_result *r)
{
    struct engine *g = arg;
    struct flight *f = owner;
    struct trouble_info info = {.class = TROUBLE_HEDGED,
                                .paid = r->sent,
                                .retry_after_s = (double)NAN,
                                .message = "another try was answered sooner"};
    land(g, f);
    report(g, f, r, &info, f->job->wait_s, false);
}

static void on_answer(struct engine *g, struct job *j)
{
    struct lane *l = lane_of(g, j);
    l->in_a_row = 0;
    hedge_heard(&l->hedge, clock_s() - j->flight[0].left_s);
    for (int k = 0; k < 2; k++)
        if (j->flight[k].up)
            http_drop(g->http, &j->flight[k], on_dropped, g);
}

static void on_result(void *arg, void *owner, const struct http_result *r)
{
    struct engine *g = arg;
    struct flight *f = owner;
    struct job *j = f->job;
    struct lane *l = lane_of(g, j);
    struct trouble_info info = {0};
    double waited_s = j->wait_s;
    land(g, f);
    g->ops->judge(g->arg, j, r, &info);
    j->refusals += info.class == TROUBLE_RATE_LIMIT && f != &j->flight[1];
    adapt(&g->lanes, l, j, r, &info);
    bool good = info.class == TROUBLE_NONE, other = j->flight[0].up || j->flight[1].up;
    bool again = !good && (other || try_again(g, j, &info));
    report(g, f, r, &info, waited_s, again);
    if (good)
        on_answer(g, j);
    else if (other)
        return; /* which decides */
    else if (!again)
        lane_gave_up(l, &info);
    if (!again || g->rc) {
        release(g, j);
        return;
    }
    double due_s = clock_s() + j->wait_s;
    if (info.class == TROUBLE_RATE_LIMIT && !isnan(info.retry_after_s))
        lane_pause(&g->lanes, l, due_s);
    heap_push(&g->retry, due_s, j);
    l->waiting++;
}

/* --- launching ----------------------------------------------------------------------------------
 */
/* A job of the lane that may leave now, or NULL. */
static struct job *lane_take(struct engine *g, size_t i, double now)
{
    struct lane *l = &g->lanes.v[i];
    if (l->stopped || l->dry || lane_full(&g->lanes, l) || now < lane_due_s(&g->lanes, l, now))
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
    while (!g->ending && g->lanes.flying < g->o->jobs && heap_due(&g->retry) <= now) {
        struct job *j = heap_pop(&g->retry);
        struct lane *l = lane_of(g, j);
        bool full = lane_full(&g->lanes, l);
        double due = lane_due_s(&g->lanes, l, now);
        if (!l->stopped && (full || now < due)) {
            heap_push(&g->retry, full ? now + .05 : due, j);
            continue;
        }
        bool admitted = !l->stopped && g->ops->admit(g->arg, j);
        if (!l->stopped && !admitted && g->lanes.flying > 0) {
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

/* A second try beside each that is slow. */
static void launch_hedges(struct engine *g, double now)
{
    for (size_t i = 0; i < g->o->lanes; i++) {
        struct lane *l = &g->lanes.v[i];
        while (!g->ending && l->first &&
               now - l->first->flight[0].left_s >= hedge_after_s(&l->hedge)) {
            struct job *j = l->first;
            if (l->stopped || !lane_may_hedge(&g->lanes, l, now) || !g->ops->admit(g->arg, j))
                break;
            launch(g, j);
            list_remove(l, j); /* where it could not leave */
        }
    }
}

static void launch_new(struct engine *g, double now)
{
    size_t idle = 0;
    for (size_t i = 0; i < g->o->lanes; i++)
        g->lanes.v[i].dry = false;
    while (!g->ending && g->lanes.flying < g->o->jobs && idle < g->o->lanes) {
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
    if (g->lanes.flying > 0)
        return false;
    if (g->ending)
        return true;
    if (g->retry.n > 0)
        return false;
    for (size_t i = 0; i < g->o->lanes; i++)
        if (!g->lanes.v[i].dry && !g->lanes.v[i].stopped)
            return false;
    return true;
}

/* Milliseconds until something is due, at most 50: batches are committed between events. */
static int wait_ms(const struct engine *g, double now)
{
    double until = now + .05;
    if (!g->ending && g->lanes.flying < g->o->jobs) {
        if (heap_due(&g->retry) < until)
            until = heap_due(&g->retry);
        for (size_t i = 0; i < g->o->lanes; i++) {
            const struct lane *l = &g->lanes.v[i];
            double due = l->stopped ? now : lane_due_s(&g->lanes, l, now);
            if (due > now && due < until)
                until = due;
            due = l->first ? l->first->flight[0].left_s + hedge_after_s(&l->hedge) : now;
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
        lanes_count(&g->lanes);
        launch_due(g, now);
        launch_hedges(g, now);
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
    struct lane *l = &g->lanes.v[i];
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
    size_t most = (size_t)o->jobs;
    lanes_init(&g.lanes, o->lanes, o->lane, o->jobs, o->per_lane);
    for (size_t i = 0; i < o->lanes && most == (size_t)o->jobs; i++)
        most *= hedge_on(&g.lanes.v[i].hedge) ? 2 : 1;
    int rc = http_new(most, &g.http, e);
    if (rc) {
        lanes_deinit(&g.lanes);
        return rc;
    }
    rng_seed(&g.rng, o->seed);
    loop(&g);
    while (g.retry.n)
        release(&g, heap_pop(&g.retry));
    for (size_t i = 0; i < o->lanes; i++)
        tell_end(&g, i, g.ending, &ends[i]);
    VEC_FREE(&g.retry);
    lanes_deinit(&g.lanes);
    http_free(g.http);
    return g.rc;
}
