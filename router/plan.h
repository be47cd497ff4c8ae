/* What a plan remembers between two steps (inside struct shunt_plan). Not installed. */
#ifndef SHUNT_PLAN_H
#define SHUNT_PLAN_H

#include "router/budget.h"
#include "router/internal.h"

struct plan_state {
    uint32_t mark; /* a plan that has begun */
    int wait;
    const struct shunt_table *t;
    struct shunt_decision decision;
    uint32_t task;
    int forced;  /* a rule chose: no escalation */
    int cascade; /* the table has posterior heads, and the point lets them speak */
    int blind;   /* a reply came of which no head tells the quality */
    int max_calls, max_escalations;
    int first, first_cause;
    int calls, escalations;
    int last; /* model that was asked last */
    int best; /* model of the best reply, -1: none */
    int64_t spent_nusd;
    struct shunt_budget *budget; /* NULL: none */
    const char *user;
    int64_t now_s, reserved_nusd;
    int refuse;                          /* over a limit nobody answers */
    double logit[SHUNT_MODELS_MAX];      /* prior */
    double quality[SHUNT_MODELS_MAX];    /* as far as is known */
    double toll[SHUNT_MODELS_MAX];       /* lambda * cost + mu * latency */
    int64_t cost_nusd[SHUNT_MODELS_MAX]; /* expected, -1: unknown */
    int call_of[SHUNT_MODELS_MAX];
    unsigned char open[SHUNT_MODELS_MAX];    /* may be asked, and was not yet */
    unsigned char replied[SHUNT_MODELS_MAX]; /* with a usable reply */
};

#endif
