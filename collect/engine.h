/* The event loop: many requests in flight, each tried until it is answered or given up.
 *
 * Work comes in lanes, one a model; lanes of one account (lane.h) share a limit, which is halved
 * when the provider says that it is too fast and grows again with every answer, and pause when it
 * asks for it. A lane is stopped when its provider turns everything away, and one stuck provider
 * never slows another. A job that waits for its next try holds no slot. The engine knows nothing of
 * prompts, protocols, prices or the store: whoever owns the jobs supplies the functions below.
 *
 * Everything runs in the caller's thread.
 */
#ifndef COLLECT_ENGINE_H
#define COLLECT_ENGINE_H

#include "collect/http.h"
#include "collect/lane.h"
#include "collect/trouble.h"

#include <stdint.h>

/* A try in flight; what http.h calls owner, in `heard` too. */
struct flight {
    struct job *job;
    double left_s; /* clock_s() */
    int number;    /* of the job's tries, 1.. */
    bool up;
};

/* One request and its tries; the first member of the owner's own struct. */
struct job {
    size_t lane;
    struct http_request request; /* owner and timeout are the engine's */
    int tries;                   /* made so far */
    int refusals;                /* of them: turned away by a rate limit */
    int hedges;                  /* of them: sent beside a slow one */
    double wait_s;               /* before the next or current try */
    double tokens;               /* that it used, from judge; 0: not known */
    struct flight flight[2];     /* the second one is a hedge */
    struct job *before, *after;  /* in its lane's list */
    bool listed;
};

/* One finished try. */
struct try_report {
    const struct http_result *result;
    const struct trouble_info *info;
    double wait_s; /* that was waited before it; 0 for a hedge */
    int number;    /* of the job's tries, 1.. */
    bool hedge;    /* sent beside a slow one */
    bool again; /* the job is not over: it will be tried once more, or another try is in flight */
};

struct engine_ops {
    /* The next job of a lane: 1 and *out; 0 when it has none now (asked again later); a negative
     * code ends the run. */
    int (*next)(void *arg, size_t lane, struct job **out, struct err *e);
    /* May a try of it leave now? 1; 0: later, when others have ended (money held by them is free
     * again). Once for each try, so twice for a job that is tried twice at the same time. */
    int (*admit)(void *arg, struct job *j);
    /* Judges a result: fills *info; what was read is kept in the job. */
    void (*judge)(void *arg, struct job *j, const struct http_result *r, struct trouble_info *info);
    /* After every try, the last one included, and one dropped because another was answered
     * (TROUBLE_HEDGED, not judged). A negative code ends the run. */
    int (*tried)(void *arg, struct job *j, const struct try_report *t, struct err *e);
    /* The job is over; free it. */
    void (*release)(void *arg, struct job *j);
    /* Between events, at least every 50 ms or so: batches, progress. */
    int (*tick)(void *arg, struct err *e);
};

struct engine_options {
    size_t lanes;
    int64_t jobs;     /* in flight over all lanes, 1..; each may have two tries in flight */
    int64_t per_lane; /* in flight of one lane; 0: as jobs */
    int64_t retries;  /* tries after the first, 0.. */
    double timeout_s; /* of one try */
    uint64_t seed;    /* of the jitter */
    const struct lane_spec *lane; /* [lanes], or NULL: an account each */
};

enum lane_state {
    LANE_DONE,    /* everything was asked */
    LANE_STOPPED, /* its provider turned everything away */
    LANE_HELD,    /* admit said later, and nothing is left to wait for */
    LANE_CUT_OFF, /* interrupted */
};
struct lane_end {
    enum lane_state state;
    enum trouble why; /* of a stopped lane */
    char message[240];
};

/* Runs until all lanes are done, or interrupted() (what is in flight then gets a few seconds).
 * ends [lanes] is written. Returns 0, or the first negative code of an op; every job taken from
 * `next` was released. */
int engine_run(const struct engine_options *o, const struct engine_ops *ops, void *arg,
               struct lane_end *ends, struct err *e);

/* The wait for what is in flight after an interrupt. */
#define ENGINE_GRACE_S 5.0
/* A try turned away by a rate limit uses up no retry until a job has seen so many times `retries`
 * of them: whoever is told to wait will be served in the end. */
enum { ENGINE_REFUSALS = 5 };
/* So many jobs of a lane in a row given up for a reason that others share stop the lane. */
enum { ENGINE_STOP_AFTER = 3 };

#endif
