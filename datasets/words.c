/* Word vectors in two passes: the words of all prompts first, then the file, of which only they are
 * kept; then one mean a prompt.
 */
#include "datasets/words.h"

#include "core/clock.h"
#include "core/fs.h"
#include "core/hash.h"
#include "core/progress.h"
#include "datasets/words_file.h"
#include "store/embed.h"
#include "store/prompt.h"

#include <stdio.h>
#include <string.h>

struct words {
    struct store *store;
    const struct words_options *o;
    struct words_summary *sum;
    struct progress *progress;
    struct strmap *vocabulary; /* words of the prompts */
    size_t *place;             /* of each: index of its vector, SIZE_MAX: none */
    VEC(float) vectors;        /* [used][dims] */
    VEC(size_t) rank;          /* place of each in the file, from 1 */
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

static int see_vector(void *arg, const struct words_file *f, const char *text, char *const *field,
                      size_t number, size_t rank, struct err *e)
{
    struct words *w = arg;
    if (number % 4096 == 0)
        progress_set(w->progress, number, NULL);
    const size_t word = strmap_find(w->vocabulary, text), at = w->vectors.n;
    if (word == SIZE_MAX || w->place[word] != SIZE_MAX)
        return ERR_OK;
    w->place[word] = w->rank.n;
    for (size_t i = 0; i < f->dims; i++)
        VEC_PUSH(&w->vectors, 0.0F);
    VEC_PUSH(&w->rank, rank);
    return words_file_numbers(f, text, field, number, w->vectors.v + at, e);
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
        double weight = words_file_weight(w->o->by_rank, (size_t)w->sum->words, w->rank.v[place]);
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
    struct words_file file;
    struct encoder enc = {0};
    size_t n = strmap_count(w->vocabulary);
    w->place = mem_array(n, sizeof *w->place);
    for (size_t i = 0; i < n; i++)
        w->place[i] = SIZE_MAX;
    int rc = words_file_read(w->o->path, see_vector, w, &file, e);
    w->sum->words = (int64_t)file.words;
    w->sum->used = (int64_t)w->rank.n;
    w->dims = file.dims;
    w->sum->dimensions = (int64_t)w->dims;
    if (rc)
        return rc;
    snprintf(enc.hash, sizeof enc.hash, "%s", w->o->by_rank ? file.hash_rank : file.hash_equal);
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
