/* Order of complexity labels. The cumulative heads themselves are fitted like all others.
 */
#include "train/labels.h"

#include "core/mem.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int step;
} ladder[] = {
    {"trivial", 0},      {"simple", 1},  {"easy", 1}, {"low", 1},  {"moderate", 2},  {"medium", 2},
    {"intermediate", 2}, {"complex", 3}, {"hard", 3}, {"high", 3}, {"difficult", 3}, {"expert", 4},
};

static bool on_ladder(const char *name, double *key)
{
    for (size_t i = 0; i < sizeof ladder / sizeof *ladder; i++)
        if (strcasecmp(name, ladder[i].name) == 0) {
            *key = ladder[i].step;
            return true;
        }
    return false;
}

static bool is_number(const char *name, double *key)
{
    char *end;
    *key = strtod(name, &end);
    return end != name && *end == '\0' && isfinite(*key);
}

/* Do all labels have a key of this kind, and all different ones? */
static bool keyed(const struct labels *l, bool (*kind)(const char *, double *), double *key)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!kind(l->name[i], &key[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (!(key[i] < key[j] || key[i] > key[j]))
                return false;
    }
    return true;
}

static void sort_labels(struct labels *l)
{
    double key[LABELS_MAX] = {0};
    bool by_key = keyed(l, on_ladder, key) || keyed(l, is_number, key);
    for (size_t i = 1; i < l->n; i++) /* insertion sort of at most nine */
        for (size_t j = i; j > 0; j--) {
            bool before = by_key ? key[j] < key[j - 1] : strcmp(l->name[j], l->name[j - 1]) < 0;
            if (!before)
                break;
            char *name = l->name[j];
            double k = key[j];
            l->name[j] = l->name[j - 1];
            key[j] = key[j - 1];
            l->name[j - 1] = name;
            key[j - 1] = k;
        }
}

void labels_init(struct labels *l, const struct matrix *m)
{
    *l = (struct labels){0};
    bool many = false;
    for (size_t i = 0; i < m->prompts; i++) {
        const char *name = m->prompt[i].complexity;
        if (name == NULL || name[0] == '\0' || labels_level(l, name) >= 0)
            continue;
        if (l->n == LABELS_MAX) {
            many = true;
            break;
        }
        l->name[l->n++] = mem_strdup(name);
    }
    if (many || l->n == 1) {
        labels_deinit(l);
        l->why_none = many ? "more than nine different complexity labels: no classifier of them"
                           : "all complexity labels are the same: no classifier of them";
        return;
    }
    sort_labels(l);
}

void labels_deinit(struct labels *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->name[i]);
    *l = (struct labels){0};
}

int labels_level(const struct labels *l, const char *label)
{
    for (size_t i = 0; label != NULL && i < l->n; i++)
        if (strcmp(l->name[i], label) == 0)
            return (int)i;
    return -1;
}

int labels_predict(const double *above, size_t levels)
{
    int level = 0;
    while ((size_t)level + 1 < levels && above[level] >= 0.5)
        level++;
    return level;
}

double labels_kappa(const int *truth, const int *predicted, size_t n, size_t levels)
{
    double row[LABELS_MAX] = {0}, column[LABELS_MAX] = {0}, observed = 0, expected = 0;
    for (size_t i = 0; i < n; i++) {
        double d = truth[i] - predicted[i];
        observed += d * d;
        row[truth[i]] += 1;
        column[predicted[i]] += 1;
    }
    for (size_t i = 0; i < levels; i++)
        for (size_t j = 0; j < levels; j++) {
            double d = (double)i - (double)j;
            expected += d * d * row[i] * column[j] / (double)n;
        }
    return expected > 0 ? 1.0 - observed / expected : (double)NAN;
}
