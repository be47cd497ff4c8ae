/* Word vectors in two passes: the words of all prompts first, then the file, of which only they are
 * kept; then one mean a prompt.
 */
#include "datasets/words.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/hash.h"
#include "core/progress.h"
#include "store/embed.h"
#include "store/prompt.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1 << 20, DIMENSIONS_MAX = 65536 };

struct words {
    struct store *store;
    const struct words_options *o;
    struct words_summary *sum;
    struct progress *progress;
    struct strmap *vocabulary; /* words of the prompts */
    size_t *place;             /* of each: index of its vector, SIZE_MAX: none */
    VEC(float) vectors;        /* [used][dims] */
    VEC(double) rank;          /* line of each in the file, from 1 */
    size_t dims;
    int64_t encoder;
    double *mean;
    float *row;
    struct buf word;
};

static bool letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* The next word of text from *at: its bytes, *at behind it; false at the end. */
static bool next_word(const char *text, size_t *at, const char **word, size_t *len)
{
    while (text[*at] && !letter((unsigned char)text[*at]))
        ++*at;
    *word = text + *at;
    while (text[*at] && letter((unsigned char)text[*at]))
        ++*at;
    *len = (size_t)(text + *at - *word);
    return *len > 0;
}

/* Both spellings go into the vocabulary: the file may know either. */
static int see_words(void *arg, const struct prompt *p, struct err *e)
{
    struct words *w = arg;
    const char *word;
    size_t len, at = 0;
    (void)e;
    while (next_word(p->text, &at, &word, &len)) {
        buf_clear(&w->word);
        buf_add(&w->word, word, len);
        strmap_add(w->vocabulary, w->word.data, NULL);
        for (size_t i = 0; i < len; i++)
            if (word[i] >= 'A' && word[i] <= 'Z')
                w->word.data[i] = (char)(word[i] - 'A' + 'a');
        strmap_add(w->vocabulary, w->word.data, NULL);
    }
    return ERR_OK;
}

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

static int keep_vector(struct words *w, char **field, size_t word, size_t number, size_t rank,
                       struct err *e)
{
    w->place[word] = w->rank.n;
    for (size_t i = 0; i < w->dims; i++) {
        char *end;
        double x = strtod(field[i], &end);
        if (end == field[i] || (*end && *end != ' ' && *end != '\t') ||
            !(fabs(x) <= (double)FLT_MAX))
            return err_set(e, ERR_FORMAT, "%s:%zu: number %zu of word '%.40s' is no finite float32",
                           w->o->path, number, i + 1, strmap_key(w->vocabulary, word));
        VEC_PUSH(&w->vectors, (float)x);
    }
    VEC_PUSH(&w->rank, (double)rank);
    return ERR_OK;
}

static int see_line(struct words *w, char *line, size_t len, size_t number, char ***field,
                    struct err *e)
{
    if (w->dims == 0) {
        size_t fields = count_fields(line);
        bool heading = number == 1 && fields == 2 && strspn(line, "0123456789 ") == strlen(line);
        double dims = heading ? strtod(strchr(line, ' '), NULL) : (double)fields - 1;
        if (!(dims >= 1 && dims <= DIMENSIONS_MAX))
            return err_set(e, ERR_FORMAT, "%s:%zu: not a word and its numbers", w->o->path, number);
        w->dims = (size_t)dims;
        *field = mem_array(w->dims, sizeof **field);
        if (heading) /* words and dimensions */
            return ERR_OK;
    }
    w->sum->words++;
    if (!cut_fields(line, len, w->dims, *field))
        return err_set(e, ERR_FORMAT, "%s:%zu: fewer than %zu numbers behind the word", w->o->path,
                       number, w->dims);
    char *end = (*field)[0];
    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    char gap = *end;
    *end = '\0';
    size_t word = strmap_find(w->vocabulary, line);
    *end = gap;
    if (word == SIZE_MAX || w->place[word] != SIZE_MAX)
        return ERR_OK;
    return keep_vector(w, *field, word, number, (size_t)w->sum->words, e);
}

/* Reads the file; hash gets that of its lines. */
static int read_file(struct words *w, struct sha256 *hash, struct err *e)
{
    AUTO_FREE char **field = NULL;
    struct fs_lines *lines;
    int rc = fs_lines_open(w->o->path, LINE_MAX_BYTES, &lines, e);
    if (rc)
        return rc;
    char *line;
    size_t len;
    while ((rc = fs_lines_next(lines, &line, &len, e)) == 1) {
        size_t number = fs_lines_number(lines);
        rc = 0;
        if (strspn(line, " \t\r") == len)
            continue;
        sha256_add(hash, line, len);
        sha256_add(hash, "\n", 1);
        rc = strlen(line) < len
                 ? err_set(e, ERR_FORMAT, "%s:%zu: a NUL in the line; the text format is wanted",
                           w->o->path, number)
                 : see_line(w, line, len, number, &field, e);
        if (rc == 0 && number % 4096 == 0) {
            progress_set(w->progress, number, NULL);
            if (interrupted())
                rc = err_set(e, ERR_PARTIAL, "interrupted, nothing was stored; run it again");
        }
        if (rc)
            break;
    }
    fs_lines_close(lines);
    if (rc == 0 && w->sum->words == 0)
        rc = err_set(e, ERR_FORMAT, "'%s' holds no word vectors", w->o->path);
    w->sum->used = (int64_t)w->rank.n;
    w->sum->dimensions = (int64_t)w->dims;
    return rc;
}

/* As it stands, else in lower case; SIZE_MAX: the file has neither. */
static size_t place_of(struct words *w, const char *word, size_t len)
{
    buf_clear(&w->word);
    buf_add(&w->word, word, len);
    size_t at = strmap_find(w->vocabulary, w->word.data);
    if (at != SIZE_MAX && w->place[at] != SIZE_MAX)
        return w->place[at];
    for (size_t i = 0; i < len; i++)
        if (word[i] >= 'A' && word[i] <= 'Z')
            w->word.data[i] = (char)(word[i] - 'A' + 'a');
    at = strmap_find(w->vocabulary, w->word.data);
    return at == SIZE_MAX ? SIZE_MAX : w->place[at];
}

static double weight_of(const struct words *w, size_t place)
{
    if (!w->o->by_rank)
        return 1;
    double total = log(1.78 * (double)w->sum->words); /* harmonic number, e^gamma = 1.78 */
    double p = 1 / (w->rank.v[place] * (total > 1 ? total : 1));
    return .001 / (.001 + p);
}

static int see_prompt(void *arg, const struct prompt *p, struct err *e)
{
    struct words *w = arg;
    const char *word;
    size_t len, at = 0;
    double sum = 0;
    memset(w->mean, 0, w->dims * sizeof *w->mean);
    while (next_word(p->text, &at, &word, &len)) {
        size_t place = place_of(w, word, len);
        w->sum->tokens++;
        if (place == SIZE_MAX)
            continue;
        double weight = weight_of(w, place);
        w->sum->known++;
        sum += weight;
        for (size_t i = 0; i < w->dims; i++)
            w->mean[i] += weight * (double)w->vectors.v[place * w->dims + i];
    }
    for (size_t i = 0; i < w->dims; i++)
        w->row[i] = sum > 0 ? (float)(w->mean[i] / sum) : 0;
    w->sum->prompts++;
    w->sum->zero += sum <= 0;
    return embedding_put(w->store, p->id, w->encoder, w->row, w->dims, e);
}

static int embed_all(struct words *w, struct err *e)
{
    struct sha256 *hash = sha256_new();
    struct encoder enc = {0};
    size_t n = strmap_count(w->vocabulary);
    w->place = mem_array(n, sizeof *w->place);
    for (size_t i = 0; i < n; i++)
        w->place[i] = SIZE_MAX;
    const char *weights = w->o->by_rank ? "by rank" : "equal";
    sha256_add(hash, weights, strlen(weights) + 1);
    int rc = read_file(w, hash, e);
    sha256_end(hash, enc.hash);
    if (rc)
        return rc;
    snprintf(enc.name, sizeof enc.name, "%s", w->o->encoder);
    enc.dimensions = (int64_t)w->dims;
    rc = encoder_put(w->store, &enc, e);
    w->encoder = enc.id;
    w->mean = mem_array(w->dims, sizeof *w->mean);
    w->row = mem_array(w->dims, sizeof *w->row);
    return rc ? rc : prompt_each(w->store, false, see_prompt, w, e);
}

int words_embed(struct store *s, const struct words_options *o, struct words_summary *out,
                struct err *e)
{
    *out = (struct words_summary){0};
    if (!o->encoder || !*o->encoder || strlen(o->encoder) > 63)
        return err_set(e, ERR_USAGE, "--encoder takes a name of 1 to 63 bytes");
    struct words w = {.store = s,
                      .o = o,
                      .sum = out,
                      .vocabulary = strmap_new(),
                      .word = BUF_INIT(0),
                      .progress = progress_new("word vectors", 0)};
    int rc = store_begin(s, e);
    if (rc == 0)
        rc = prompt_each(s, false, see_words, &w, e);
    if (rc == 0 && prompt_count(s) == 0)
        rc =
            err_set(e, ERR_USAGE, "'%s' holds no prompts; shunt import brings some", store_path(s));
    if (rc == 0)
        rc = embed_all(&w, e);
    if (rc == 0)
        rc = store_commit(s, e);
    if (rc)
        store_rollback(s);
    progress_end(w.progress);
    strmap_free(w.vocabulary);
    free(w.place);
    VEC_FREE(&w.vectors);
    VEC_FREE(&w.rank);
    free(w.mean);
    free(w.row);
    buf_deinit(&w.word);
    return rc;
}
