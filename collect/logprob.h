/* A reply's token log-probabilities in three numbers. */
#ifndef COLLECT_LOGPROB_H
#define COLLECT_LOGPROB_H

#include <stddef.h>

/* mean and min of ln p over the tokens; entropy: mean over tokens of -sum p ln p, in nats, over the
 * alternatives that came back, the probability that they leave counted as one more outcome. It is a
 * lower bound of the true entropy, comparable between replies with the same number of alternatives.
 */
struct logprob {
    double sum, min, entropy_sum;
    size_t tokens, with_alternatives;
    double p_sum, h; /* of the token being added */
    size_t alternatives;
};
void logprob_init(struct logprob *l);
void logprob_token(struct logprob *l, double ln_p); /* then its alternatives; NaN is passed over */
void logprob_alternative(struct logprob *l, double ln_p);
void logprob_end_token(struct logprob *l);
/* NaN where nothing came back. */
void logprob_read(const struct logprob *l, double *mean, double *min, double *entropy);

#endif
