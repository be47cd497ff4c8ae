/* What a decision costs. Reads a file of prompts, one a line, builds a table of the default size
 * for nine models over them (every n-gram of two prompts or more gets weights, which are made up:
 * their values do not matter for time), and measures on one core, the best of several
 * rounds, piece by piece:
 *
 *   route_vs_scan   throughput of shunt_route / that of a byte-class scan of the same bytes:
 *                   class = table[byte], counting changes, a byte a step
 *   route_p99_p50   p99 / p50 of nanoseconds per byte over prompts of 200 bytes or more
 *   route_long      ns per byte at 100 KB / at 10 KB
 *   route_dense     a decision on 512 numbers / nine plain dot products of that size
 *
 * Only calls of shunt_route are inside the timed window. usage: bench_route LINES [TABLE_OUT]; with
 * TABLE and a number it routes all lines so often, and prints their bytes and the processor seconds
 * of the fastest time through, for callgrind and to put beside another program's (route.sh). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"
#include "router/shunt.h"
#include "train/table.h"

enum {
    MODELS = 9,
    LABELS = 3,
    HEADS = MODELS + LABELS - 1,
    TASKS = 57,
    DIMS = 512,
    ROUNDS = 20,
    PIECE = 64
};

struct line {
    const char *text;
    size_t bytes;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t state = 1;

static double random_weight(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 40) / 16777216.0 - .5;
}

static void print(const char *name, double value, double target, int at_least)
{
    int good = at_least ? value >= target : value <= target;
    printf("bench %s %.4g %s%g %s\n", name, value, at_least ? ">=" : "<=", target,
           good ? "ok" : "short");
}

static struct line *read_lines(const char *path, size_t *count, size_t *bytes)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        exit(3);
    }
    size_t cap = 1 << 20, len = 0, n;
    char *text = mem_alloc(cap);
    while ((n = fread(text + len, 1, cap - len, f)) > 0) {
        len += n;
        if (len == cap)
            text = mem_realloc(text, cap *= 2);
    }
    fclose(f);
    struct line *line = mem_array(len + 1, sizeof *line);
    *count = *bytes = 0;
    for (char *at = text, *end; at < text + len; at = end + 1) {
        end = memchr(at, '\n', len - (size_t)(at - text));
        if (!end)
            end = text + len;
        line[(*count)++] = (struct line){at, (size_t)(end - at)};
        *bytes += (size_t)(end - at);
    }
    return line;
}

static double *weights(size_t n)
{
    double *w = mem_array(n, sizeof *w);
    for (size_t i = 0; i < n; i++)
        w[i] = random_weight();
    return w;
}

/* A table over the n-grams of the lines; dense: with a vector encoder of DIMS numbers too. */
static struct shunt_table *make_table(const struct line *line, size_t lines, int dense,
                                      const char *path)
{
    static struct shunt_encoding x;
    static struct table_model model[MODELS];
    static struct table_cost cost[(TASKS + 1) * MODELS];
    static char name[MODELS][8], task_name[TASKS][8];
    const char *task[TASKS], *tier[] = {"small", "large"},
                             *label[] = {"simple", "moderate", "complex"};
    size_t buckets = (size_t)1 << SHUNT_DEFAULT_BITS;
    unsigned char *seen = mem_zalloc(buckets);
    for (size_t i = 0; i < lines; i++) {
        shunt_encode(line[i].text, line[i].bytes, SHUNT_DEFAULT_BITS, &x);
        for (uint32_t k = 0; k < x.count; k++)
            seen[x.bucket[k]] += seen[x.bucket[k]] < 2;
    }
    uint32_t *kept = mem_array(buckets, sizeof *kept);
    size_t n = 0;
    for (uint32_t b = 0; b < buckets; b++)
        if (seen[b] == 2)
            kept[n++] = b;
    for (int m = 0; m < MODELS; m++) {
        snprintf(name[m], sizeof name[m], "m%d", m);
        model[m] = (struct table_model){name[m], m > 4, 1, 100000 << m, 400000 << m, 0};
    }
    for (int i = 0; i < TASKS; i++) {
        snprintf(task_name[i], sizeof task_name[i], "t%02d", i);
        task[i] = task_name[i];
    }
    for (int i = 0; i < (TASKS + 1) * MODELS; i++)
        cost[i] = (struct table_cost){.25, 200, 900, -1};
    struct table_point point = {.name = "balanced", .lambda_per_usd = 5, .target = .8};
    point.default_model = -1;
    struct table_spec spec = {
        .bits = SHUNT_DEFAULT_BITS,
        .model = model,
        .models = MODELS,
        .tier = tier,
        .tiers = 2,
        .task = task,
        .tasks = TASKS,
        .label = label,
        .labels = LABELS,
        .bucket_id = kept,
        .kept = dense ? 0 : n,
        .heads = {weights(n * HEADS), weights(SHUNT_FEATURES * HEADS), weights(TASKS * HEADS),
                  weights(HEADS), NULL},
        .cost = cost,
        .point = &point,
        .points = 1,
    };
    if (dense) {
        spec.encoder = "bench/512/0";
        spec.dims = DIMS;
        spec.dense = weights(HEADS * DIMS);
    }
    struct err e;
    unsigned char *bytes;
    size_t len;
    struct shunt_table *t = NULL;
    if (table_build(&spec, &bytes, &len, &e) || shunt_open_memory(bytes, len, &t) ||
        (path && table_write(&spec, path, &e))) {
        fprintf(stderr, "%s\n", e.text);
        exit(1);
    }
    if (!dense)
        printf("# table: %zu bytes, %zu of %zu buckets kept, %d models\n", len, n, buckets, MODELS);
    return t;
}

static volatile int64_t sink;

__attribute__((noinline)) static double
route_all(const struct shunt_table *t, const struct line *line, size_t lines, double *each)
{
    double start = now();
    struct shunt_request r = SHUNT_REQUEST_INIT;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    for (size_t i = 0; i < lines; i++) {
        r.text = line[i].text;
        r.text_bytes = line[i].bytes;
        double before = each ? now() : 0;
        if (shunt_route(t, &r, &d))
            exit(1);
        if (each)
            each[i] = now() - before;
        sink += d.model;
    }
    return now() - start;
}

/* The floor that any tokeniser pays. Aligned, as its speed depends on where it happens to lie. */
__attribute__((noinline, aligned(64),
               optimize("no-tree-vectorize", "align-loops=64"))) static unsigned
scan(const unsigned char *class, const unsigned char *text, size_t n)
{
    unsigned changes = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned c = class[text[i]];
        changes += c != last;
        last = c;
    }
    return changes;
}

static double scan_all(const struct line *line, size_t lines)
{
    static unsigned char class[256];
    for (int i = 0; i < 256; i++)
        class[i] = (unsigned char)((i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z') || i > 127 ? 1
                                   : i >= '0' && i <= '9'                                      ? 2
                                   : i > ' '                                                   ? 3
                                                                                               : 0);
    double start = now();
    for (size_t i = 0; i < lines; i++)
        sink += scan(class, (const unsigned char *)line[i].text, line[i].bytes);
    return now() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* p99 / p50 of ns per byte; each prompt's time is its best of some rounds, as the machine is
 * shared. */
static double spread(const struct shunt_table *t, const struct line *line, size_t lines)
{
    double *best = mem_array(lines, sizeof *best), *each = mem_array(lines, sizeof *each);
    size_t n = 0;
    for (int r = 0; r < ROUNDS; r++) {
        route_all(t, line, lines, each);
        for (size_t i = 0; i < lines; i++)
            best[i] = r == 0 || each[i] < best[i] ? each[i] : best[i];
    }
    for (size_t i = 0; i < lines; i++)
        if (line[i].bytes >= 200)
            best[n++] = best[i] / (double)line[i].bytes;
    qsort(best, n, sizeof *best, by_value);
    double ratio = n ? best[n * 99 / 100] / best[n / 2] : 0;
    free(best);
    free(each);
    return ratio;
}

/* ns per byte of one prompt of that many bytes, made of the lines. */
static double long_prompt(const struct shunt_table *t, const struct line *line, size_t lines,
                          size_t bytes)
{
    char *text = mem_alloc(bytes);
    size_t at = 0;
    for (size_t i = 0; at < bytes; i = (i + 1) % lines) {
        size_t n = line[i].bytes < bytes - at ? line[i].bytes : bytes - at;
        memcpy(text + at, line[i].text, n);
        at += n;
        if (at < bytes)
            text[at++] = '\n';
    }
    struct line one = {text, bytes};
    double best = 1e9;
    for (int r = 0; r < 50; r++) {
        double s = route_all(t, &one, 1, NULL);
        best = s < best ? s : best;
    }
    free(text);
    return best * 1e9 / (double)bytes;
}

static double dense_ratio(void)
{
    static float vector[DIMS], w[MODELS][DIMS];
    struct shunt_table *t = make_table(NULL, 0, 1, NULL);
    for (int i = 0; i < DIMS; i++) {
        vector[i] = (float)random_weight();
        for (int m = 0; m < MODELS; m++)
            w[m][i] = (float)random_weight();
    }
    struct shunt_request r = SHUNT_REQUEST_INIT;
    struct shunt_decision d = SHUNT_DECISION_INIT;
    r.vector = vector;
    r.vector_len = DIMS;
    r.encoder = "bench/512/0";
    double best = 1e9, plain = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < 2000; i++) {
            if (shunt_route(t, &r, &d))
                exit(1);
            sink += d.model;
        }
        double s = now() - start;
        best = s < best ? s : best;
        start = now();
        for (int i = 0; i < 2000; i++)
            for (int m = 0; m < MODELS; m++) {
                float sum = 0;
                for (int k = 0; k < DIMS; k++)
                    sum += w[m][k] * vector[k];
                sink += (int64_t)sum;
            }
        s = now() - start;
        plain = s < plain ? s : plain;
    }
    shunt_close(t);
    return best / plain;
}

/* Seconds for all lines: the sum over pieces of a piece's best round, as the machine is shared. The
 * two take turns in going first, so that neither is the one to bring the text into the caches. */
static void measure(const struct shunt_table *t, const struct line *line, size_t lines,
                    double *route, double *floor)
{
    size_t pieces = (lines + PIECE - 1) / PIECE;
    double *best = mem_array(2 * pieces, sizeof *best);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < pieces; i++) {
            const struct line *from = line + i * PIECE;
            size_t n = lines - i * PIECE < PIECE ? lines - i * PIECE : PIECE;
            double s[2];
            for (int turn = 0; turn < 2; turn++)
                if ((round + turn) % 2)
                    s[0] = route_all(t, from, n, NULL);
                else
                    s[1] = scan_all(from, n);
            for (int k = 0; k < 2; k++)
                if (round == 0 || s[k] < best[2 * i + (size_t)k])
                    best[2 * i + (size_t)k] = s[k];
        }
    *route = *floor = 0;
    for (size_t i = 0; i < pieces; i++) {
        *route += best[2 * i];
        *floor += best[2 * i + 1];
    }
    free(best);
}

/* Cycles per nanosecond, from a chain of additions, one a cycle. */
static double gigahertz(void)
{
    double best = 1e9;
    for (int r = 0; r < ROUNDS; r++) {
        uint64_t x = 0;
        double start = now();
        for (int i = 0; i < 1000000; i++) {
            x++;
            __asm__ volatile("" : "+r"(x));
        }
        double s = now() - start;
        best = s < best ? s : best;
    }
    return 1e-3 / best;
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Route all lines some times by a table from a file. */
static int route_only(const char *table, const struct line *line, size_t lines, size_t bytes,
                      long times)
{
    struct shunt_table *t = NULL;
    if (shunt_open(table, &t))
        return 1;
    double best = 1e9;
    for (long i = 0; i < times; i++) {
        double start = processor_seconds();
        route_all(t, line, lines, NULL);
        double s = processor_seconds() - start;
        best = s < best ? s : best;
    }
    printf("%zu %.6f\n", bytes, best);
    shunt_close(t);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr,
                "usage: bench_route LINES [TABLE_OUT]\n       bench_route LINES TABLE TIMES\n");
        return 2;
    }
    size_t lines, bytes;
    struct line *line = read_lines(argv[1], &lines, &bytes);
    if (lines == 0)
        return 2;
    if (argc > 3)
        return route_only(argv[2], line, lines, bytes, strtol(argv[3], NULL, 10));
    struct shunt_table *t = make_table(line, lines, 0, argc > 2 ? argv[2] : NULL);
    double route, floor;
    measure(t, line, lines, &route, &floor);
    printf("# %zu prompts, %zu bytes: route %.3f ns/byte, %.1f MB/s, %.0f ns a prompt; scan %.3f "
           "ns/byte\n",
           lines, bytes, route * 1e9 / (double)bytes, (double)bytes / route / 1e6,
           route * 1e9 / (double)lines, floor * 1e9 / (double)bytes);
    printf("# %.2f cycles/byte at %.2f GHz\n", route * 1e9 / (double)bytes * gigahertz(),
           gigahertz());
    print("route_vs_scan", floor / route, .25, 1);
    print("route_p99_p50", spread(t, line, lines), 3, 0);
    print("route_long", long_prompt(t, line, lines, 100000) / long_prompt(t, line, lines, 10000),
          1.5, 0);
    print("route_dense", dense_ratio(), 2, 0);
    shunt_close(t);
    return 0;
}
