/* Leaving prompts out of a matrix that was loaded. */
#include "store/matrix.h"

#include <string.h>

static void close_up(void *cells, size_t each, size_t row, const bool *keep, size_t n)
{
    if (!cells)
        return;
    const size_t bytes = each * row;
    char *at = cells;
    for (size_t i = 0; i < n; i++)
        if (keep[i]) {
            memmove(at, (char *)cells + i * bytes, bytes);
            at += bytes;
        }
}

void matrix_keep(struct matrix *m, const bool *keep)
{
    double *const number[] = {m->score,       m->cost_nusd,  m->latency_ms,
                              m->tokens_in,   m->tokens_out, m->mean_logprob,
                              m->min_logprob, m->entropy,    m->reply_bytes};
    for (size_t k = 0; k < sizeof number / sizeof *number; k++)
        close_up(number[k], sizeof(double), m->models, keep, m->prompts);
    close_up(m->first_reply, sizeof *m->first_reply, m->models, keep, m->prompts);
    close_up(m->samples, sizeof *m->samples, m->models, keep, m->prompts);
    size_t n = 0;
    for (size_t i = 0; i < m->prompts; i++)
        if (keep[i])
            m->prompt[n++] = m->prompt[i];
        else
            matrix_free_prompt(&m->prompt[i]);
    m->prompts = n;
}
