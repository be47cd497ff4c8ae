/* The table writer: the file, and what rounding changed. A table appears under its name only after
 * the reader has opened the very file and got its recorded answers from it. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "router/format.h"
#include "router/shunt.h"
#include "train/table_parts.h"

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, bytes + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    return 0;
}

/* The new name must survive a crash too. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    AUTO_FREE char *folder =
        slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup(".");
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* not every file system can; the data itself is safe already */
        close(fd);
    }
}

static int write_checked(const char *tmp, const unsigned char *bytes, size_t len, struct err *e)
{
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_set(e, ERR_IO, "cannot write '%s': %s", tmp, strerror(errno));
    int failed = write_all(fd, bytes, len) || fsync(fd);
    int why = errno;
    if (close(fd) && !failed) {
        failed = 1;
        why = errno;
    }
    if (failed)
        return err_set(e, ERR_IO, "cannot write '%s': %s", tmp, strerror(why));

    char text[256];
    struct shunt_table *t;
    if (shunt_open_detail(tmp, &t, text, sizeof text))
        return err_set(e, ERR_IO, "'%s' cannot be read back: %s", tmp, text);
    int status = shunt_selftest(t);
    shunt_close(t);
    if (status)
        return err_set(e, ERR_IO, "'%s' was read back wrongly: %s", tmp, shunt_strerror(status));
    return ERR_OK;
}

int table_write(const struct table_spec *spec, const char *path, struct err *e)
{
    AUTO_FREE unsigned char *bytes = NULL;
    size_t len;
    int rc = table_build(spec, &bytes, &len, e);
    if (rc)
        return rc;

    AUTO_FREE char *tmp = mem_printf("%s.tmp.%ld", path, (long)getpid());
    rc = write_checked(tmp, bytes, len, e);
    if (rc == ERR_OK && rename(tmp, path) != 0)
        rc = err_set(e, ERR_IO, "cannot rename '%s' to '%s': %s", tmp, path, strerror(errno));
    if (rc) {
        unlink(tmp);
        return rc;
    }
    sync_folder(path);
    return ERR_OK;
}

static double apply_curve(const struct table_curve *c, double p)
{
    if (!c || c->count == 0)
        return p;
    size_t k = 0;
    while (k + 1 < c->count && c->x[k + 1] <= p)
        k++;
    if (!c->linear || p <= c->x[k] || k + 1 == c->count)
        return c->y[k];
    return c->y[k] + (p - c->x[k]) / (c->x[k + 1] - c->x[k]) * (c->y[k + 1] - c->y[k]);
}

static int32_t clamped(const struct table_spec *s, const struct shunt_encoding *code, size_t f)
{
    int32_t x = code->feature[f];
    return !s->low ? x : x < s->low[f] ? s->low[f] : x > s->high[f] ? s->high[f] : x;
}

/* What the spec itself says of sample i: quality [models], in doubles and with libm. */
static void exact_quality(const struct table_spec *s, const uint32_t *row_of, size_t i, double *q)
{
    const struct table_sample *x = &s->sample[i];
    const struct table_heads *h = &s->heads;
    size_t heads = table_spec_heads(s);
    AUTO_FREE struct shunt_encoding *code = mem_alloc(sizeof *code);
    shunt_encode(x->text, x->bytes, s->bits, code);
    size_t task = 0;
    while (task < s->tasks && !(x->task && strcmp(s->task[task], x->task) == 0))
        task++;
    AUTO_FREE double *words = mem_array(heads, sizeof *words);
    if (s->words)
        table_words_mean(s->words, heads, x->text, x->bytes, words);
    for (size_t m = 0; m < s->models; m++) {
        double sum = 0;
        size_t kept = 0;
        for (uint32_t k = 0; k < code->count; k++)
            if (row_of[code->bucket[k]] != SHUNT_NONE) {
                sum += h->weight[row_of[code->bucket[k]] * heads + m];
                kept++;
            }
        double z = h->bias[m] + (kept ? sum / sqrt((double)kept) : 0) + words[m];
        if (h->taskw && task < s->tasks)
            z += h->taskw[task * heads + m];
        for (size_t f = 0; f < SHUNT_FEATURES && h->surface; f++)
            z += h->surface[f * heads + m] * clamped(s, code, f) / 65536.0;
        for (size_t k = 0; s->encoder && k < s->dims; k++)
            z += s->dense[m * s->dims + k] * (double)x->vector[k];
        q[m] = apply_curve(h->curve ? &h->curve[m] : NULL, 1 / (1 + exp(-z)));
    }
}

static size_t largest(const double *q, size_t n)
{
    size_t best = 0;
    for (size_t m = 1; m < n; m++)
        if (q[m] > q[best])
            best = m;
    return best;
}

int table_compare(const struct table_spec *spec, const void *bytes, size_t len,
                  struct table_report *out, struct err *e)
{
    char why[256];
    struct shunt_table *t;
    if (shunt_open_memory_detail(bytes, len, &t, why, sizeof why))
        return err_set(e, ERR_FORMAT, "%s", why);

    size_t buckets = (size_t)1 << spec->bits;
    AUTO_FREE uint32_t *row_of = mem_array(buckets, sizeof *row_of);
    for (size_t b = 0; b < buckets; b++)
        row_of[b] = SHUNT_NONE;
    for (size_t r = 0; r < spec->kept; r++)
        row_of[spec->bucket_id[r]] = (uint32_t)r;

    int rc = ERR_OK;
    double sum = 0;
    *out = (struct table_report){.samples = spec->samples, .bytes = len};
    for (size_t i = 0; i < spec->samples && rc == ERR_OK; i++) {
        double exact[SHUNT_MODELS_MAX];
        double read[SHUNT_MODELS_MAX];
        struct shunt_request r = SHUNT_REQUEST_INIT;
        r.text = spec->sample[i].text;
        r.text_bytes = spec->sample[i].bytes;
        r.task = spec->sample[i].task;
        r.vector = spec->encoder ? spec->sample[i].vector : NULL;
        r.vector_len = r.vector ? spec->dims : 0;
        r.encoder = spec->encoder;
        int status = shunt_predict(t, &r, read, NULL, NULL, NULL);
        if (status) {
            rc = err_set(e, ERR_FORMAT, "recorded text %zu: %s", i + 1, shunt_strerror(status));
            break;
        }
        exact_quality(spec, row_of, i, exact);
        for (size_t m = 0; m < spec->models; m++) {
            double difference = fabs(exact[m] - read[m]);
            sum += difference;
            if (difference > out->max_difference)
                out->max_difference = difference;
        }
        out->changed += largest(exact, spec->models) != largest(read, spec->models);
    }
    if (spec->samples > 0)
        out->mean_difference = sum / (double)(spec->samples * spec->models);
    shunt_close(t);
    return rc;
}
