/* Votes between two models' replies, as arenas collect them: a prompt line with who stood against
 * whom and who won, or with a list of such votes.
 */
#include "datasets/import_private.h"
#include "store/preference.h"

#include <string.h>

static const char *const vote_keys[] = {"model_a", "model_b", "winner"};
enum { VOTE_KEYS = sizeof vote_keys / sizeof *vote_keys };

/* Words of a winner, and what they are worth to a. "both_bad" is a tie as published arenas have it:
 * neither was better. */
static const struct {
    const char *word;
    double outcome;
} winners[] = {
    {"a", 1},     {"model_a", 1},         {"b", 0},          {"model_b", 0},
    {"tie", 0.5}, {"tie (bothbad)", 0.5}, {"both_bad", 0.5},
};

static int read_outcome(const struct json *vote, double *out, const struct import_at *at,
                        struct err *e)
{
    const struct json *winner = json_get(vote, "winner");
    const char *word = json_str(winner);
    if (json_type(winner) == JSON_NUMBER) {
        *out = json_num(winner, -1);
        if (*out >= 0 && *out <= 1)
            return ERR_OK;
    }
    for (size_t k = 0; word && k < sizeof winners / sizeof *winners; k++)
        if (strcmp(word, winners[k].word) == 0) {
            *out = winners[k].outcome;
            return ERR_OK;
        }
    return err_set(
        e, ERR_FORMAT,
        "%s:%zu: 'winner' must be a, b, tie (or model_a, model_b, both_bad), or the share "
        "of votes for a, from 0 to 1",
        at->path, at->line);
}

static int store_vote(struct import *im, const struct json *vote, size_t prompt, int64_t number,
                      const struct import_at *at, struct err *e)
{
    const char *name[2] = {json_str(json_get(vote, "model_a")),
                           json_str(json_get(vote, "model_b"))};
    struct preference p = {.prompt = im->known.v[prompt].row, .vote = number};
    size_t model[2];
    for (int k = 0; k < 2; k++)
        if (!name[k] || !name[k][0])
            return err_set(e, ERR_FORMAT, "%s:%zu: '%s' must name a model", at->path, at->line,
                           vote_keys[k]);
    if (strcmp(name[0], name[1]) == 0)
        return err_set(e, ERR_FORMAT, "%s:%zu: '%s' stands against itself", at->path, at->line,
                       name[0]);
    int added, rc = read_outcome(vote, &p.outcome, at, e);
    for (int k = 0; rc == 0 && k < 2; k++)
        rc = import_model_of(im, name[k], &model[k], e);
    if (rc)
        return rc;
    p.model_a = im->model_rows.v[model[0]];
    p.model_b = im->model_rows.v[model[1]];
    rc = preference_put(im->store, &p, &added, e);
    *(added ? &im->sum->votes_new : &im->sum->votes_known) += 1;
    return rc;
}

static int store_votes(struct import *im, const struct json *line, size_t prompt,
                       const struct import_at *at, struct err *e)
{
    const struct json *votes = json_get(line, "votes");
    if (!votes)
        return store_vote(im, line, prompt, 0, at, e);
    if (json_get(line, "winner"))
        return err_set(e, ERR_FORMAT, "%s:%zu: both 'winner' and 'votes' are given; keep one",
                       at->path, at->line);
    if (json_type(votes) != JSON_ARRAY || json_count(votes) == 0)
        return err_set(e, ERR_FORMAT,
                       "%s:%zu: 'votes' must be an array of {\"model_a\", \"model_b\", \"winner\"}",
                       at->path, at->line);
    int rc = 0;
    int64_t number = 0;
    for (const struct json *v = json_first(votes); rc == 0 && v; v = json_next(v)) {
        if (json_type(v) != JSON_OBJECT)
            return err_set(e, ERR_FORMAT, "%s:%zu: votes[%lld] is not an object", at->path,
                           at->line, (long long)number);
        rc = import_check_keys(im, v, vote_keys, VOTE_KEYS, at, e);
        if (rc == 0)
            rc = store_vote(im, v, prompt, number++, at, e);
    }
    return rc;
}

static int see_line(struct import *im, const struct json *line, const struct import_at *at,
                    struct err *e)
{
    struct import_prompt ip;
    size_t index;
    import_prompt_init(&ip);
    int rc = import_prompt_read(im, line, at, &ip, e);
    if (rc == 0)
        rc = import_prompt_store(im, &ip, at, &index, e);
    if (rc == 0 && index != IMPORT_LEFT_OUT)
        rc = store_votes(im, line, index, at, e);
    import_prompt_deinit(&ip);
    return rc;
}

int import_preferences(struct import *im, struct err *e)
{
    int rc = import_each_line(im, im->o->path, see_line, e);
    return rc ? rc : import_check_any(im, im->o->path, e);
}
