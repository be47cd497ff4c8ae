/* Keyword rules: matching, and the choice that they make on their own. The compiled table has its
 * own matcher (router/); tests hold the two against the same cases. */
#include "eval/rules.h"

#include "core/mem.h"

#include <math.h>
#include <string.h>

static bool word_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static bool equal_at(const struct eval_keyword *k, const char *text, size_t len)
{
    if (!k->fold_case)
        return memcmp(k->text, text, len) == 0;
    for (size_t i = 0; i < len; i++)
        if (lower((unsigned char)k->text[i]) != lower((unsigned char)text[i]))
            return false;
    return true;
}

bool eval_keyword_occurs(const struct eval_keyword *k, const char *text, size_t len)
{
    const size_t n = strlen(k->text);
    if (n == 0 || n > len)
        return false;
    const bool head = word_byte((unsigned char)k->text[0]),
               tail = word_byte((unsigned char)k->text[n - 1]);
    for (size_t at = 0; at + n <= len; at++) {
        if (!equal_at(k, text + at, n))
            continue;
        if (!k->word)
            return true;
        const bool left = head && at > 0 && word_byte((unsigned char)text[at - 1]);
        const bool right = tail && at + n < len && word_byte((unsigned char)text[at + n]);
        if (!left && !right)
            return true;
    }
    return false;
}

bool eval_rule_matches(const struct eval_rule *r, const char *text, size_t len, const char *task,
                       const char *user_class)
{
    if (len < r->min_bytes || (r->max_bytes && len > r->max_bytes))
        return false;
    if (r->task && (!task || strcmp(task, r->task) != 0))
        return false;
    if (r->user_class && (!user_class || strcmp(user_class, r->user_class) != 0))
        return false;
    for (size_t k = 0; k < r->keywords; k++)
        if (eval_keyword_occurs(&r->keyword[k], text, len))
            return true;
    return r->keywords == 0;
}

static int find_model(const struct eval_rule_models *m, const char *name)
{
    for (size_t k = 0; k < m->models; k++)
        if (strcmp(m->name[k], name) == 0)
            return (int)k;
    return -1;
}

static int find_tier(const struct eval_rule_models *m, const char *name)
{
    for (size_t k = 0; k < m->models && m->tier_name; k++)
        if (m->tier_name[k] && strcmp(m->tier_name[k], name) == 0)
            return m->tier[k];
    return -1;
}

/* Takes away what one rule takes away; false when that would leave nothing (then nothing is). */
static bool take_away(const struct eval_rule *r, const struct eval_rule_models *m, bool *allowed)
{
    const int model = r->action == EVAL_RULE_FORBID ? find_model(m, r->target) : -1;
    const int tier = r->action == EVAL_RULE_RAISE ? find_tier(m, r->target) : -1;
    size_t left = 0, gone = 0;
    for (size_t k = 0; k < m->models; k++) {
        const bool go = allowed[k] && ((int)k == model || (tier >= 0 && m->tier[k] < tier));
        gone += go;
        left += allowed[k] && !go;
    }
    if (left == 0 || gone == 0)
        return false;
    for (size_t k = 0; k < m->models; k++)
        if ((int)k == model || (tier >= 0 && m->tier[k] < tier))
            allowed[k] = false;
    return true;
}

int eval_rules_choose(const struct eval_rule *rule, size_t rules, const struct eval_rule_models *m,
                      const char *text, size_t len, const char *task, const char *user_class,
                      int *fired)
{
    static const enum eval_rule_action order[] = {EVAL_RULE_FORCE, EVAL_RULE_FORBID,
                                                  EVAL_RULE_RAISE};
    AUTO_FREE bool *allowed = mem_array(m->models, sizeof *allowed);
    int first = -1, forced = -1;
    for (size_t k = 0; k < m->models; k++)
        allowed[k] = true;
    for (int a = 0; a < 3 && forced < 0; a++)
        for (size_t r = 0; r < rules && forced < 0; r++) {
            if (rule[r].action != order[a] ||
                !eval_rule_matches(&rule[r], text, len, task, user_class))
                continue;
            if (rule[r].action == EVAL_RULE_FORCE)
                forced = find_model(m, rule[r].target);
            if (forced >= 0 || (rule[r].action != EVAL_RULE_FORCE &&
                                take_away(&rule[r], m, allowed) && (first < 0 || (int)r < first)))
                first = (int)r;
        }
    if (fired)
        *fired = first;
    int best = forced;
    for (size_t k = 0; forced < 0 && k < m->models; k++)
        if (allowed[k] && (best < 0 || m->score[k] > m->score[best] ||
                           (m->score[k] >= m->score[best] && m->cost[k] < m->cost[best])))
            best = (int)k;
    return best;
}
