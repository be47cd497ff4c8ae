/* Keyword rules as a policy: what `rules:` of shunt.yaml does on its own, without any router.
 *
 * A rule matches when all its conditions hold (router/FORMAT.md section 5): length of the text
 * within min..max bytes, task and user class equal, and one of its keywords occurs. The first
 * matching rule that forces decides, whatever other rules say; a forbid takes its model away; after
 * all forbids a raise takes away the models of cheaper tiers; neither when none would be left. The
 * best constant among the models left answers.
 */
#ifndef EVAL_RULES_H
#define EVAL_RULES_H

#include "eval/set.h"

enum eval_rule_action { EVAL_RULE_FORCE, EVAL_RULE_FORBID, EVAL_RULE_RAISE };

struct eval_keyword {
    const char *text;
    bool word;      /* at word boundaries only */
    bool fold_case; /* ASCII letters match either case */
};

/* Strings are borrowed. */
struct eval_rule {
    const char *name;
    enum eval_rule_action action;
    const char *target;     /* a model; for raise a tier */
    const char *task;       /* NULL: any */
    const char *user_class; /* NULL: any */
    const struct eval_keyword *keyword;
    size_t keywords;               /* 0: any text */
    uint64_t min_bytes, max_bytes; /* max 0: no limit */
};

/* Does keyword k occur in text? A word boundary is a place where a letter, digit or `_` of the
 * keyword's end does not stand beside another one of the text. */
bool eval_keyword_occurs(const struct eval_keyword *k, const char *text, size_t len);
/* task, user_class may be NULL. */
bool eval_rule_matches(const struct eval_rule *r, const char *text, size_t len, const char *task,
                       const char *user_class);

/* Models as the rules see them. */
struct eval_rule_models {
    size_t models;
    const char *const *name;
    const int *tier;              /* [models] rank of its tier, 0 cheapest */
    const char *const *tier_name; /* [models] or NULL */
    const double *score;          /* [models] mean on the training side */
    const double *cost;           /* [models] mean there, NaN: unknown; breaks ties */
};

/* The model that the rules give a prompt; *rule (may be NULL) the index of the one that forced it,
 * or of the first that took a model away, or -1. Rules whose target is none of the models are
 * skipped. */
int eval_rules_choose(const struct eval_rule *rule, size_t rules, const struct eval_rule_models *m,
                      const char *text, size_t len, const char *task, const char *user_class,
                      int *fired);

#endif
