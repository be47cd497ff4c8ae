/* Lines of a file of word vectors: what is a word, what are its numbers. Whose words are wanted is
 * the caller's business.
 */
#include "datasets/words_file.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/hash.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1 << 20, DIMENSIONS_MAX = 65536 };

/* Numbers at the end of a line: how many fields may be numbers, counted from its end. Fills start
 * with where the last `want` fields begin; false: there are fewer than want + 1. */
static bool cut_fields(char *line, size_t len, size_t want, char **start)
{
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        line[--len] = '\0';
    size_t left = want;
    for (size_t i = len; left > 0 && i-- > 1;)
        if (line[i - 1] == ' ' || line[i - 1] == '\t')
            start[--left] = line + i;
    return left == 0 && start[0] > line + 1;
}

static size_t count_fields(const char *line)
{
    size_t n = 0;
    for (bool in = false; *line; line++) {
        bool gap = *line == ' ' || *line == '\t';
        n += !gap && !in;
        in = !gap;
    }
    return n;
}

int words_file_numbers(const struct words_file *f, const char *word, char *const *field,
                       size_t number, float *out, struct err *e)
{
    for (size_t i = 0; i < f->dims; i++) {
        char *end;
        double x = strtod(field[i], &end);
        if (end == field[i] || (*end && *end != ' ' && *end != '\t') ||
            !(fabs(x) <= (double)FLT_MAX))
            return err_set(e, ERR_FORMAT, "%s:%zu: number %zu of word '%.40s' is no finite float32",
                           f->path, number, i + 1, word);
        out[i] = (float)x;
    }
    return ERR_OK;
}

double words_file_weight(bool by_rank, size_t words, size_t rank)
{
    if (!by_rank)
        return 1;
    double total = log(1.78 * (double)words); /* harmonic number, e^gamma = 1.78 */
    double p = 1 / ((double)rank * (total > 1 ? total : 1));
    return .001 / (.001 + p);
}

struct walk {
    struct words_file *file;
    words_see *see;
    void *arg;
    char **field;
};

static int see_line(struct walk *w, char *line, size_t len, size_t number, struct err *e)
{
    struct words_file *f = w->file;
    if (f->dims == 0) {
        size_t fields = count_fields(line);
        bool heading = number == 1 && fields == 2 && strspn(line, "0123456789 ") == strlen(line);
        double dims = heading ? strtod(strchr(line, ' '), NULL) : (double)fields - 1;
        if (!(dims >= 1 && dims <= DIMENSIONS_MAX))
            return err_set(e, ERR_FORMAT, "%s:%zu: not a word and its numbers", f->path, number);
        f->dims = (size_t)dims;
        w->field = mem_array(f->dims, sizeof *w->field);
        if (heading) /* words and dimensions */
            return ERR_OK;
    }
    f->words++;
    if (!cut_fields(line, len, f->dims, w->field))
        return err_set(e, ERR_FORMAT, "%s:%zu: fewer than %zu numbers behind the word", f->path,
                       number, f->dims);
    char *end = w->field[0];
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    return w->see(w->arg, f, line, w->field, number, f->words, e);
}

/* hash: of the lines, for equal weights and by rank. */
static int read_lines(struct walk *w, struct fs_lines *lines, struct sha256 *const hash[2],
                      struct err *e)
{
    char *line;
    size_t len;
    int rc;
    while ((rc = fs_lines_next(lines, &line, &len, e)) == 1) {
        size_t number = fs_lines_number(lines);
        rc = 0;
        if (strspn(line, " \t\r") == len)
            continue;
        for (int k = 0; k < 2; k++) {
            sha256_add(hash[k], line, len);
            sha256_add(hash[k], "\n", 1);
        }
        rc = strlen(line) < len
                 ? err_set(e, ERR_FORMAT, "%s:%zu: a NUL in the line; the text format is wanted",
                           w->file->path, number)
                 : see_line(w, line, len, number, e);
        if (rc == 0 && number % 4096 == 0 && interrupted())
            rc = err_set(e, ERR_PARTIAL, "interrupted, nothing was stored; run it again");
        if (rc)
            break;
    }
    return rc;
}

int words_file_read(const char *path, words_see *see, void *arg, struct words_file *out,
                    struct err *e)
{
    *out = (struct words_file){.path = path};
    struct walk w = {.file = out, .see = see, .arg = arg};
    struct fs_lines *lines;
    int rc = fs_lines_open(path, LINE_MAX_BYTES, &lines, e);
    if (rc)
        return rc;
    struct sha256 *const hash[2] = {sha256_new(), sha256_new()};
    sha256_add(hash[0], "equal", sizeof "equal");
    sha256_add(hash[1], "by rank", sizeof "by rank");
    rc = read_lines(&w, lines, hash, e);
    fs_lines_close(lines);
    sha256_end(hash[0], out->hash_equal);
    sha256_end(hash[1], out->hash_rank);
    free(w.field);
    if (rc == 0 && out->words == 0)
        rc = err_set(e, ERR_FORMAT, "'%s' holds no word vectors", path);
    return rc;
}
