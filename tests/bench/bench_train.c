/* How long one training takes without choosing anything: texts to features, rows, one fit per model
 * at one C, on one thread. train.sh holds it against scikit-learn.
 *
 *   bench_train STORE [C]
 *
 * Timed, as processor time: encode (texts to buckets and surface features), features (document
 * frequencies, idf, rows), fit (liblinear). Loading the store is not. Best of three. kbytes is the
 * peak of the process.
 */
#include "core/mem.h"
#include "store/matrix.h"
#include "train/heads.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static const double EPS = 1e-3;

struct timing {
    double encode, features, fit;
};

/* Processor time: other work on the machine does not count. */
static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct timing train_once(const struct matrix *m, double C)
{
    double t0 = cpu_s();
    struct corpus *c = corpus_new(m, SHUNT_DEFAULT_BITS, 1);
    double t1 = cpu_s();

    struct targets t;
    targets_init(&t, c, m->models, m->models, m->score);
    uint32_t *all = mem_array(m->prompts, sizeof *all);
    for (uint32_t i = 0; i < m->prompts; i++)
        all[i] = i;
    struct space *s = space_new(c, all, m->prompts, &(struct space_use){.hashed = true});
    struct rows *r = space_rows(s, c, all, m->prompts);
    double t2 = cpu_s();

    double *w = mem_array(s->columns + 1, sizeof *w);
    for (size_t h = 0; h < m->models; h++)
        head_fit(c, &t, h, all, m->prompts, r, s->columns, C, EPS, false, w);
    double t3 = cpu_s();

    free(w);
    free(all);
    rows_free(r);
    space_free(s);
    targets_deinit(&t);
    corpus_free(c);
    return (struct timing){t1 - t0, t2 - t1, t3 - t2};
}

int main(int argc, char **argv)
{
    struct store *s;
    struct matrix *m;
    struct err e = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_train STORE [C]\n");
        return 2;
    }
    double C = argc > 2 ? strtod(argv[2], NULL) : 1.0;
    if (store_open(argv[1], STORE_READ, &s, &e) ||
        matrix_load(s, &(struct matrix_options){.scored_only = true}, &m, &e)) {
        fprintf(stderr, "bench_train: %s\n", e.text);
        return 3;
    }
    struct timing best = {0};
    for (int k = 0; k < 3; k++) {
        struct timing t = train_once(m, C);
        if (k == 0 || t.encode + t.features + t.fit < best.encode + best.features + best.fit)
            best = t;
    }
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("encode %.4f\nfeatures %.4f\nfit %.4f\nkbytes %ld\n", best.encode, best.features,
           best.fit, use.ru_maxrss);
    matrix_free(m);
    store_close(s);
    return 0;
}
