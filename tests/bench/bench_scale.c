/* Made-up traffic for scale.sh, any amount of it, and a program's peak memory.
 *
 *   bench_scale gen DIR N [SEED]   prompts.jsonl and outcomes.jsonl of N prompts x 10 models in DIR
 *   bench_scale run COMMAND...     runs it; then "kbytes PEAK", "seconds WALL", "cpu SECONDS" on
 *                                  stderr; exits as it did
 *
 * Texts are of 50,000 made-up words drawn by Zipf's law, half of them from eight followers of the
 * word before, so that pairs recur as they do in a language; a fifth from the task's own; 470 bytes
 * in the mean, log-normal. A model succeeds by a logistic law of its strength, the task, the words
 * (what they are to all models, and to it) and the length: there is something to learn. Eight
 * models answer once, two are scored as the mean of two answers. The same for one SEED everywhere
 * but for the last digits of exp and log.
 */
#include "core/mem.h"
#include "core/rng.h"
#include "core/stat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 50000, MODELS = 10, TASKS = 12, FOLLOWERS = 8, OWN = 400, TEXT_MAX = 16384 };

struct world {
    char word[WORDS][16];
    unsigned char length[WORDS];
    uint32_t follower[WORDS][FOLLOWERS];
    double upto[WORDS];              /* cumulative Zipf weights, the last is 1 */
    float effect[WORDS][1 + MODELS]; /* on all models, and on each */
    uint32_t own[TASKS][OWN];        /* words of a task */
    double task[TASKS];
};

static uint32_t zipf(const struct world *w, struct rng *r)
{
    double u = rng_unit(r);
    size_t low = 0, high = WORDS - 1;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (w->upto[mid] < u)
            low = mid + 1;
        else
            high = mid;
    }
    return (uint32_t)low;
}

/* Distinct for distinct k: the digits of k in base 70 as syllables, frequent words short. */
static void spell(size_t k, char word[16], unsigned char *length)
{
    static const char onset[] = "bdfgklmnprstvz", nucleus[] = "aeiou";
    size_t at = 0;
    do {
        word[at++] = onset[k % 14];
        word[at++] = nucleus[k / 14 % 5];
        k /= 70;
    } while (k > 0);
    word[at] = '\0';
    *length = (unsigned char)at;
}

static struct world *world_new(uint64_t seed)
{
    struct world *w = mem_zalloc(sizeof *w);
    struct rng r;
    rng_seed_for(&r, seed, "world");
    double sum = 0;
    for (size_t k = 0; k < WORDS; k++)
        w->upto[k] = sum += 1.0 / pow((double)k + 2.7, 1.05);
    for (size_t k = 0; k < WORDS; k++) {
        w->upto[k] = k + 1 < WORDS ? w->upto[k] / sum : 1.0;
        spell(k, w->word[k], &w->length[k]);
    }
    for (size_t k = 0; k < WORDS; k++) {
        for (size_t f = 0; f < FOLLOWERS; f++)
            w->follower[k][f] = zipf(w, &r);
        for (size_t m = 0; k >= 20 && m <= MODELS; m++)
            w->effect[k][m] = (float)(rng_normal(&r) * (m == 0 ? 1.2 : 0.7));
    }
    for (size_t t = 0; t < TASKS; t++) {
        w->task[t] = rng_normal(&r);
        for (size_t k = 0; k < OWN; k++)
            w->own[t][k] = (uint32_t)(100 + rng_below(&r, WORDS / 5));
    }
    return w;
}

/* Writes the text of a prompt of a task; effect [1 + MODELS] is the sum over its words over the
 * square root of their number. */
static size_t write_text(const struct world *w, struct rng *r, size_t task, char *text,
                         double *effect)
{
    double wish = exp(5.826 + 0.8 * rng_normal(r));
    size_t bytes = wish < 20 ? 20 : wish > TEXT_MAX - 20 ? TEXT_MAX - 20 : (size_t)wish;
    size_t at = 0, words = 0;
    uint32_t last = zipf(w, r);
    memset(effect, 0, (1 + MODELS) * sizeof *effect);
    while (at < bytes) {
        double u = rng_unit(r);
        uint32_t k = u < 0.5   ? w->follower[last][rng_below(r, FOLLOWERS)]
                     : u < 0.7 ? w->own[task][rng_below(r, OWN)]
                               : zipf(w, r);
        if (at > 0)
            text[at++] = ' ';
        memcpy(text + at, w->word[k], w->length[k]);
        at += w->length[k];
        if (rng_below(r, 12) == 0)
            text[at++] = rng_below(r, 3) == 0 ? '?' : ',';
        for (size_t m = 0; m <= MODELS; m++)
            effect[m] += (double)w->effect[k][m];
        words++;
        last = k;
    }
    text[at] = '\0';
    for (size_t m = 0; m <= MODELS; m++)
        effect[m] /= sqrt((double)words);
    return words;
}

static void write_outcomes(FILE *out, struct rng *r, size_t i, size_t words, double easy,
                           const double *effect)
{
    for (size_t m = 0; m < MODELS; m++) {
        double p = stat_sigmoid(0.3 * (double)m - 0.8 + easy + effect[1 + m]);
        int tries = m >= 8 ? 2 : 1, good = 0;
        for (int k = 0; k < tries; k++)
            good += rng_unit(r) < p;
        unsigned tokens_in = (unsigned)(words * 4 / 3),
                 tokens_out = 40 + (unsigned)rng_below(r, 200);
        double price = 1e-8 * pow(1.7, (double)m);
        fprintf(
            out,
            "{\"prompt_id\":\"p%zu\",\"model\":\"model-%zu\",\"score\":%.1f,\"prompt_tokens\":%u,"
            "\"completion_tokens\":%u,\"cost_usd\":%.9f,\"latency_ms\":%u}\n",
            i, m, (double)good / tries, tokens_in, tokens_out,
            price * (tokens_in + 4.0 * tokens_out), 200 + tokens_out * (unsigned)(5 + m));
    }
}

static int generate(const char *dir, size_t n, uint64_t seed)
{
    AUTO_FREE char *prompts = mem_printf("%s/prompts.jsonl", dir);
    AUTO_FREE char *outcomes = mem_printf("%s/outcomes.jsonl", dir);
    FILE *p = fopen(prompts, "w"), *o = fopen(outcomes, "w");
    if (p == NULL || o == NULL) {
        fprintf(stderr, "bench_scale: cannot write in '%s'\n", dir);
        return 3;
    }
    struct world *w = world_new(seed);
    struct rng r;
    rng_seed_for(&r, seed, "traffic");
    static char text[TEXT_MAX + 64];
    double bytes = 0;
    for (size_t i = 0; i < n; i++) {
        double effect[1 + MODELS];
        size_t task = (size_t)rng_below(&r, TASKS), words = write_text(w, &r, task, text, effect);
        uint64_t split = rng_below(&r, 10);
        fprintf(
            p,
            "{\"prompt_id\":\"p%zu\",\"task\":\"task-%zu\",\"split\":\"%s\",\"prompt\":\"%s\"}\n",
            i, task,
            split == 0   ? "validation"
            : split == 1 ? "test"
                         : "train",
            text);
        write_outcomes(o, &r, i, words,
                       w->task[task] + effect[0] - 0.3 * (log((double)words) - 4.0), effect);
        bytes += (double)strlen(text);
    }
    int failed = ferror(p) || ferror(o);
    failed |= fclose(p);
    failed |= fclose(o);
    free(w);
    printf("prompts %zu\nmean_bytes %.1f\n", n, n > 0 ? bytes / (double)n : 0.0);
    if (failed)
        fprintf(stderr, "bench_scale: cannot write in '%s'\n", dir);
    return failed ? 3 : 0;
}

static int run(char **argv)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return 3;
    clock_gettime(CLOCK_MONOTONIC, &b);
    struct rusage use;
    getrusage(RUSAGE_CHILDREN, &use);
    fprintf(stderr, "kbytes %ld\nseconds %.1f\ncpu %.1f\n", use.ru_maxrss,
            (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec),
            (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    if (argc > 2 && strcmp(argv[1], "run") == 0)
        return run(argv + 2);
    if (argc > 3 && strcmp(argv[1], "gen") == 0) {
        unsigned long long n = strtoull(argv[3], &end, 10);
        if (*end == '\0' && n > 0)
            return generate(argv[2], (size_t)n, argc > 4 ? strtoull(argv[4], NULL, 10) : 1);
    }
    fprintf(stderr, "usage: bench_scale gen DIR N [SEED] | run COMMAND...\n");
    return 2;
}
