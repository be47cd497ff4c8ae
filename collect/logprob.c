/* Sums over tokens. */
#include "collect/logprob.h"

#include <math.h>

void logprob_init(struct logprob *l)
{
    *l = (struct logprob){0};
}

void logprob_token(struct logprob *l, double ln_p)
{
    l->p_sum = l->h = 0;
    l->alternatives = 0;
    if (isnan(ln_p))
        return;
    if (ln_p > 0)
        ln_p = 0; /* rounding on their side */
    if (ln_p < -1e4)
        ln_p = -1e4; /* -9999 and -inf stand for "never" */
    l->min = l->tokens && l->min < ln_p ? l->min : ln_p;
    l->sum += ln_p;
    l->tokens++;
}

void logprob_alternative(struct logprob *l, double ln_p)
{
    if (isnan(ln_p))
        return;
    double p = ln_p >= 0 ? 1 : exp(ln_p);
    l->p_sum += p;
    l->h -= p > 0 ? p * log(p) : 0;
    l->alternatives++;
}

void logprob_end_token(struct logprob *l)
{
    if (!l->alternatives)
        return;
    double rest = 1 - l->p_sum;
    l->entropy_sum += l->h - (rest > 1e-12 ? rest * log(rest) : 0);
    l->with_alternatives++;
}

void logprob_read(const struct logprob *l, double *mean, double *min, double *entropy)
{
    *mean = l->tokens ? l->sum / (double)l->tokens : (double)NAN;
    *min = l->tokens ? l->min : (double)NAN;
    *entropy = l->with_alternatives ? l->entropy_sum / (double)l->with_alternatives : (double)NAN;
}
