/* The same sides fitted with every set of features, for their out-of-fold losses alone.
 */
#include "train/search.h"

#include "core/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bits of k. */
enum { NO_SURFACE = 1, RARER = 2 };
static const uint32_t RARE_DF = 4;

void search_set(size_t k, struct space_use *use)
{
    use->no_surface = (k & NO_SURFACE) != 0;
    use->min_df = (k & RARER) != 0 ? RARE_DF : 0;
}

size_t search_count(const struct space_use *use)
{
    return use->hashed ? SEARCH_TRIED : 1;
}

/* A side that trains the same and predicts nothing. */
static void copy_side(const struct side *from, size_t k, struct side *s)
{
    *s = (struct side){.n = from->n, .use = from->use};
    snprintf(s->name, sizeof s->name, "%s", from->name); /* the same inner folds */
    s->train = mem_array(from->n, sizeof *s->train);
    memcpy(s->train, from->train, from->n * sizeof *s->train);
    s->eval = mem_array(0, sizeof *s->eval);
    search_set(k, &s->use);
}

static double loss_of(const struct side *s, size_t models)
{
    double sum = 0;
    for (size_t h = 0; h < models; h++)
        sum += isnan(s->choice[h].loss) ? 0 : s->choice[h].loss;
    return sum;
}

int search_features(const struct corpus *c, const struct targets *t, struct side *side,
                    size_t sides, const struct fit_options *o, struct err *e)
{
    AUTO_FREE double *least = mem_array(sides, sizeof *least);
    AUTO_FREE size_t *best = mem_array(sides, sizeof *best);
    const size_t sets = sides > 0 ? search_count(&side[0].use) : 0;
    int rc = ERR_OK;
    for (size_t k = 0; rc == ERR_OK && k < sets; k++) {
        struct side *trial = mem_array(sides, sizeof *trial);
        for (size_t at = 0; at < sides; at++)
            copy_side(&side[at], k, &trial[at]);
        rc = fit_sides(c, t, trial, sides, o, e);
        for (size_t at = 0; at < sides; at++) {
            const double loss = rc == ERR_OK ? loss_of(&trial[at], t->models) : (double)INFINITY;
            if (k == 0 || loss < least[at]) {
                least[at] = loss;
                best[at] = k;
            }
            side_deinit(&trial[at]);
        }
        free(trial);
    }
    for (size_t at = 0; rc == ERR_OK && at < sides; at++)
        search_set(best[at], &side[at].use);
    return rc;
}
