/* Encoding a corpus: blocks of prompts on several threads, laid end to end afterwards so that the
 * result is the same for any number of them. The encoder itself is router/encode.c.
 */
#include "train/corpus.h"

#include "core/mem.h"
#include "core/thread.h"
#include "core/vec.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 }; /* prompts a job: large enough to amortise, small enough to balance */

struct block {
    VEC(uint32_t) buckets;
};

struct encoding_job {
    const struct matrix *m;
    struct corpus *c;
    struct block *block;
};

static void encode_block(void *arg, size_t b)
{
    struct encoding_job *j = arg;
    struct corpus *c = j->c;
    AUTO_FREE struct shunt_encoding *x = mem_alloc(sizeof *x);
    size_t end = (b + 1) * BLOCK < c->n ? (b + 1) * BLOCK : c->n;
    for (size_t i = b * BLOCK; i < end; i++) {
        const char *text = j->m->prompt[i].text != NULL ? j->m->prompt[i].text : "";
        c->bytes[i] = strlen(text);
        shunt_encode(text, strlen(text), c->bits, x);
        for (uint32_t k = 0; k < x->count; k++)
            VEC_PUSH(&j->block[b].buckets, x->bucket[k]);
        c->start[i + 1] = x->count; /* summed up when all blocks are done */
        for (size_t f = 0; f < SHUNT_FEATURES; f++)
            c->feature[i * SHUNT_FEATURES + f] = (float)x->feature[f] / 65536.0F;
    }
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The distinct non-empty task names, sorted, and each prompt's index among them. */
static void collect_tasks(struct corpus *c, const struct matrix *m)
{
    AUTO_FREE char **all = mem_array(c->n, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (m->prompt[i].task != NULL && m->prompt[i].task[0] != '\0')
            all[n++] = m->prompt[i].task;
    qsort(all, n, sizeof *all, by_bytes);
    VEC(char *) names = {0};
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(all[i], all[i - 1]) != 0)
            VEC_PUSH(&names, mem_strdup(all[i]));
    c->task_name = names.v;
    c->tasks = names.n;
    for (size_t i = 0; i < c->n; i++)
        c->task[i] = corpus_task(c, m->prompt[i].task);
}

struct corpus *corpus_new(const struct matrix *m, unsigned bits, size_t jobs)
{
    struct corpus *c = mem_zalloc(sizeof *c);
    c->n = m->prompts;
    c->bits = bits;
    c->start = mem_array(c->n + 1, sizeof *c->start);
    c->feature = mem_array(c->n * SHUNT_FEATURES, sizeof *c->feature);
    c->bytes = mem_array(c->n, sizeof *c->bytes);
    c->task = mem_array(c->n, sizeof *c->task);
    c->weight = mem_array(c->n, sizeof *c->weight);
    c->cluster = mem_array(c->n, sizeof *c->cluster);
    for (size_t i = 0; i < c->n; i++) {
        c->weight[i] = m->prompt[i].weight > 0 ? m->prompt[i].weight : 1.0;
        c->cluster[i] = m->prompt[i].cluster != 0 ? m->prompt[i].cluster : m->prompt[i].id;
    }

    size_t blocks = (c->n + BLOCK - 1) / BLOCK;
    AUTO_FREE struct block *block = mem_array(blocks, sizeof *block);
    struct encoding_job job = {m, c, block};
    thread_for(blocks, jobs, encode_block, &job);

    for (size_t i = 0; i < c->n; i++)
        c->start[i + 1] += c->start[i];
    c->bucket = mem_array(c->start[c->n], sizeof *c->bucket);
    for (size_t b = 0; b < blocks; b++) {
        if (block[b].buckets.n > 0)
            memcpy(c->bucket + c->start[b * BLOCK], block[b].buckets.v,
                   block[b].buckets.n * sizeof *c->bucket);
        VEC_FREE(&block[b].buckets);
    }
    collect_tasks(c, m);
    return c;
}

void corpus_set_dense(struct corpus *c, float *dense, size_t dims)
{
    free(c->dense);
    c->dense = dense;
    c->dims = dims;
}

uint32_t corpus_task(const struct corpus *c, const char *name)
{
    if (name == NULL || name[0] == '\0')
        return CORPUS_NO_TASK;
    size_t low = 0, high = c->tasks;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(c->task_name[mid], name);
        if (order == 0)
            return (uint32_t)mid;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return CORPUS_NO_TASK;
}

void corpus_free(struct corpus *c)
{
    if (c == NULL)
        return;
    for (size_t t = 0; t < c->tasks; t++)
        free(c->task_name[t]);
    free(c->task_name);
    free(c->start);
    free(c->bucket);
    free(c->feature);
    free(c->bytes);
    free(c->task);
    free(c->weight);
    free(c->cluster);
    free(c->dense);
    free(c);
}
