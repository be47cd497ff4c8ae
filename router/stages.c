/* Ensembles: the model of every stage of a staged request, and votes of several models. FORMAT.md,
 * section 5, "Stages" and "Votes". */
#include <string.h>

#include "router/internal.h"

static int in_range(int i, uint32_t count)
{
    return i >= 0 && (uint32_t)i < count;
}

int shunt_ensemble_count(const struct shunt_table *t)
{
    return t->stages ? (int)t->stages->ensembles : 0;
}

const char *shunt_ensemble_name(const struct shunt_table *t, int ensemble)
{
    return in_range(ensemble, (uint32_t)shunt_ensemble_count(t))
               ? t->strings + t->ensemble[ensemble].name
               : NULL;
}

int shunt_ensemble_index(const struct shunt_table *t, const char *name)
{
    for (int i = 0; name && i < shunt_ensemble_count(t); i++)
        if (strcmp(shunt_ensemble_name(t, i), name) == 0)
            return i;
    return -1;
}

int shunt_stage_count(const struct shunt_table *t, int ensemble)
{
    return shunt_ensemble_name(t, ensemble) ? (int)t->ensemble[ensemble].stages : -1;
}

int shunt_get_stage(const struct shunt_table *t, int ensemble, int stage, struct shunt_stage *out)
{
    int stages = shunt_stage_count(t, ensemble);
    if (!out || out->size < sizeof *out || stage < 0 || stage >= stages)
        return SHUNT_E_ARGUMENT;
    const struct shunt_stage_row *x =
        &t->stage[t->ensemble[ensemble].first_stage + (uint32_t)stage];
    out->model = x->model == SHUNT_NONE ? -1 : (int32_t)x->model;
    out->vote = x->vote == SHUNT_NONE ? -1 : (int32_t)x->vote;
    out->zero = 0;
    out->name = t->strings + x->name;
    out->task = x->task == SHUNT_NONE ? NULL : t->strings + x->task;
    out->quality = x->quality;
    out->cost_nusd = x->cost_nusd;
    return SHUNT_OK;
}

int shunt_route_stage(const struct shunt_table *t, int ensemble, const char *stage,
                      const struct shunt_request *request, struct shunt_decision *d,
                      struct shunt_stage *stage_out)
{
    struct shunt_stage s = SHUNT_STAGE_INIT;
    struct shunt_request r;
    struct routed w;
    if (!t || !stage || !d || d->size < sizeof *d || (stage_out && stage_out->size < sizeof s))
        return SHUNT_E_ARGUMENT;
    int at = shunt_stage_count(t, ensemble) - 1;
    while (at >= 0 && (shunt_get_stage(t, ensemble, at, &s), strcmp(s.name, stage) != 0))
        at--;
    if (at < 0)
        return SHUNT_E_ARGUMENT;

    int status = shunt_read_request(request, &r);
    if (status)
        return status;
    r.size = sizeof r;
    if (!r.task)
        r.task = s.task;
    uint32_t point = t->ensemble[ensemble].point;
    if (!r.point && point != SHUNT_NONE)
        r.point = shunt_point_name(t, (int)point);
    struct shunt_decision answer = SHUNT_DECISION_INIT;
    status = shunt_route_whole(t, &r, &answer, &w);
    if (status)
        return status;
    if (w.forced < 0 && s.model >= 0 && w.allowed[s.model]) {
        if (answer.model != s.model)
            answer.runner_up = answer.model;
        answer.model = s.model;
        answer.model_name = shunt_model_name(t, s.model);
        answer.model_tier = (int32_t)t->model[s.model].tier;
        answer.reason = SHUNT_BY_STAGE;
        answer.quality = w.e.quality[s.model];
        answer.cost_nusd = w.e.cost_nusd[s.model];
        answer.latency_ms = w.e.latency_ms[s.model];
    }
    answer.size = d->size;
    memcpy(d, &answer, sizeof answer);
    if (stage_out) {
        s.size = stage_out->size;
        memcpy(stage_out, &s, sizeof s);
    }
    return SHUNT_OK;
}

int shunt_vote_count(const struct shunt_table *t)
{
    return t->stages ? (int)t->stages->votes : 0;
}

const char *shunt_vote_name(const struct shunt_table *t, int vote)
{
    return in_range(vote, (uint32_t)shunt_vote_count(t)) ? t->strings + t->vote[vote].name : NULL;
}

static void ask(const struct shunt_table *t, uint32_t model, size_t count, struct shunt_step *out)
{
    out->action = SHUNT_CALL;
    out->cause = SHUNT_FOR_ROUTE;
    out->model = (int32_t)model;
    out->model_name = shunt_model_name(t, out->model);
    out->call = (int32_t)count + 1;
}

int shunt_vote_next(const struct shunt_table *t, int vote, const char *const *text,
                    const size_t *bytes, size_t count, struct shunt_step *next)
{
    if (!t || !shunt_vote_name(t, vote) || !next || next->size < STEP_SIZE_MIN ||
        (count && (!text || !bytes)))
        return SHUNT_E_ARGUMENT;
    const struct shunt_vote *v = &t->vote[vote];
    const uint32_t *member = t->voter + v->first_member;
    const char *usable[SHUNT_VOTERS_MAX];
    size_t usable_bytes[SHUNT_VOTERS_MAX];
    int call_of[SHUNT_VOTERS_MAX];
    size_t n = 0;
    if (count > v->members + (size_t)(v->judge != SHUNT_NONE))
        return SHUNT_E_ARGUMENT;
    for (size_t i = 0; i < count && i < v->members; i++) {
        if (!text[i])
            continue;
        usable[n] = text[i];
        usable_bytes[n] = bytes[i];
        call_of[n++] = (int)i;
    }
    double agreement = 0;
    int first = 0;
    if (n > 0)
        shunt_agreement(usable, usable_bytes, n, v->flags & SHUNT_VOTE_NUMBER ? SHUNT_BY_NUMBER : 0,
                        &agreement, &first);
    uint32_t equal = (uint32_t)(agreement * (double)n + 0.5);

    struct shunt_step out = SHUNT_STEP_INIT;
    out.model = -1;
    out.calls = (int32_t)count;
    out.cost_nusd = out.spent_nusd = -1; /* the caller's to know */
    int judged = count > v->members && text[v->members];
    if (count < v->members && equal < v->need) {
        ask(t, member[count], count, &out);
    } else if (count == v->members && equal < v->need && v->judge != SHUNT_NONE) {
        ask(t, v->judge, count, &out);
    } else if (n == 0 && !judged) {
        out.action = SHUNT_GIVE_UP;
        out.cause = SHUNT_FOR_ERROR;
        out.refused = (int32_t)(count > v->members ? v->judge : member[v->members - 1]);
    } else {
        int call = judged ? (int)v->members : call_of[first];
        out.action = SHUNT_ACCEPT;
        out.cause = SHUNT_FOR_GAIN;
        out.model = (int32_t)(judged ? v->judge : member[call]);
        out.model_name = shunt_model_name(t, out.model);
        out.call = call + 1;
        out.quality = (double)equal / (double)v->members;
    }
    table_give_step(next, &out);
    return SHUNT_OK;
}
