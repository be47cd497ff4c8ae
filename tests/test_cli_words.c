/* A router trained on word vectors, compiled with them: the table answers from text alone what the
 * router answers with the vector that the store has of the prompt.
 */
#include "core/fs.h"
#include "datasets/words.h"
#include "datasets/words_file.h"
#include "router/shunt.h"
#include "store/embed.h"
#include "store/model.h"
#include "store/policy.h"
#include "store/prompt.h"
#include "store/reply.h"
#include "store/router.h"
#include "tests/store_fixture.h"
#include "train/compile.h"
#include "train/params.h"
#include "train_fixture.h"

TestSuite(cli_words, .init = open_store, .fini = close_store);

enum { N = 240, DIMS = 6 };
static struct err e;
#define OK(call) cr_assert(call == 0, "%s", e.text)

/* Texts of the fixture with odd spellings; most of its words are in the file of vectors. */
static void fill_store(void)
{
    struct matrix *m = fixture_new(N, 2, 21);
    OK(store_begin(s, &e));
    int64_t config[2];
    for (size_t k = 0; k < 2; k++) {
        struct model x = {.name = m->model[k].name};
        OK(model_put(s, &x, &e));
        OK(model_config_put(s, x.id, "import", false, &config[k], &e));
    }
    for (size_t i = 0; i < N; i++) {
        const struct matrix_prompt *x = &m->prompt[i];
        AUTO_FREE char *text = mem_printf("%s, %s? Word %s-%zu", x->text, i % 3 ? "WAB" : "The Waa",
                                          i % 5 ? "caf\xc3\xa9" : "unheard", i);
        AUTO_FREE char *messages = mem_printf("[{\"role\":\"user\",\"content\":\"%s\"}]", text);
        struct prompt p = {.ext_id = x->ext_id,
                           .task = x->task,
                           .messages = messages,
                           .text = text,
                           .timestamp_ms = INT64_MIN,
                           .weight = 1};
        int added;
        OK(prompt_put(s, &p, &added, &e));
        for (size_t k = 0; k < 2; k++) {
            struct reply r = {.prompt = p.id,
                              .model_config = config[k],
                              .request_hash = x->ext_id,
                              .usage = USAGE_UNKNOWN,
                              .latency_ms = 100,
                              .ttft_ms = (double)NAN,
                              .mean_logprob = (double)NAN,
                              .min_logprob = (double)NAN,
                              .entropy = (double)NAN,
                              .reported_nusd = 7000};
            OK(reply_put(s, &r, &e));
            OK(score_put(s, r.id, "import", 1, m->score[i * 2 + k], "ok", NULL, true, &e));
        }
    }
    OK(prompt_cluster(s, &e));
    OK(store_commit(s, &e));
    matrix_free(m);
}

static void write_vectors(const char *file, uint64_t seed)
{
    struct buf b = BUF_INIT(0);
    struct rng r;
    rng_seed(&r, seed);
    static const char *const more[] = {"the", "The", "word", "caf\xc3\xa9", ",", "don't", "waa"};
    for (size_t i = 0; i < 107; i++) {
        if (i < 7)
            buf_adds(&b, more[i]);
        else
            buf_addf(&b, "w%c%c", 'a' + (int)((i - 7) / 12), 'a' + (int)((i - 7) % 12));
        for (int k = 0; k < DIMS; k++)
            buf_addf(&b, " %.4f", (i < 60 ? 1 : -1) * (k == 1) + .3 * rng_normal(&r));
        buf_addc(&b, '\n');
    }
    OK(fs_write_atomic(file, b.data, b.len, &e));
    buf_deinit(&b);
}

struct reading {
    compile_word *see;
    void *arg;
};

static int see_word(void *arg, const struct words_file *f, const char *word, char *const *field,
                    size_t number, size_t rank, struct err *err)
{
    const struct reading *r = arg;
    float row[DIMS];
    int rc = words_file_numbers(f, word, field, number, row, err);
    return rc ? rc : r->see(r->arg, word, rank, row, f->dims, err);
}

static int each_word(void *arg, compile_word *see, void *see_arg, size_t *lines, char hash[2][65],
                     struct err *err)
{
    struct reading r = {see, see_arg};
    struct words_file f;
    int rc = words_file_read(arg, see_word, &r, &f, err);
    *lines = f.words;
    memcpy(hash[0], f.hash_equal, 65);
    memcpy(hash[1], f.hash_rank, 65);
    return rc;
}

static void put_point(int64_t router)
{
    AUTO_FREE char *name = mem_strdup("best"), *kind = mem_strdup("lambda"),
                   *model = mem_strdup("model-0");
    const struct point p = {.name = name, .kind = kind, .default_model = model};
    OK(point_put(s, router, &p, &e));
}

/* Every prompt by the table and by the router with the stored vector. */
static void compare(const char *table, const char *encoder)
{
    struct router r;
    struct params p;
    struct shunt_table *t;
    struct matrix *m;
    struct encoder enc;
    OK(router_get(s, NULL, &r, &e));
    OK(params_read(r.params, r.params_len, &p, &e));
    OK(matrix_load(s, &(struct matrix_options){.scored_only = true}, &m, &e));
    OK(encoder_find(s, encoder, &enc, &e));
    cr_assert(shunt_open(table, &t) == 0 && shunt_selftest(t) == 0);
    cr_assert_null(shunt_encoder(t));
    AUTO_FREE int64_t *id = mem_array(m->prompts, sizeof *id);
    AUTO_FREE bool *have = mem_array(m->prompts, sizeof *have);
    AUTO_FREE float *v = mem_array(m->prompts * DIMS, sizeof *v);
    for (size_t i = 0; i < m->prompts; i++)
        id[i] = m->prompt[i].id;
    OK(embedding_load(s, enc.id, DIMS, id, m->prompts, v, have, &e));
    double spread = 0;
    for (size_t i = 0; i < m->prompts; i++) {
        const struct matrix_prompt *x = &m->prompt[i];
        struct shunt_request q = SHUNT_REQUEST_INIT;
        double exact[8], read[8], without[8];
        q.text = x->text;
        q.text_bytes = strlen(x->text);
        q.task = x->task;
        params_predict(&p, x->text, q.text_bytes, x->task, v + i * DIMS, exact);
        params_predict(&p, x->text, q.text_bytes, x->task, (float[DIMS]){0}, without);
        cr_assert(shunt_predict(t, &q, read, NULL, NULL, NULL) == 0);
        for (size_t k = 0; k < 2; k++) {
            cr_assert_float_eq(read[k], exact[k], 2e-3, "prompt %zu: %g, %g", i, read[k], exact[k]);
            spread = fmax(spread, fabs(exact[k] - without[k]));
        }
    }
    cr_assert(spread > .02, "the vectors do matter: %g", spread);
    shunt_close(t);
    matrix_free(m);
    params_deinit(&p);
    router_deinit(&r);
}

Test(cli_words, a_table_needs_no_vector_of_its_caller, .timeout = 120)
{
    AUTO_FREE char *table = mem_printf("%s.shunt", path), *file = mem_printf("%s.txt", path),
                   *other = mem_printf("%s.other", path);
    fill_store();
    write_vectors(file, 1);
    write_vectors(other, 2);
    static const char *const encoder[] = {"hashed+endpoint:glove", "endpoint:ranked"};
    for (int by_rank = 0; by_rank < 2; by_rank++) {
        char name[64];
        struct words_summary sum;
        struct router r;
        struct compile_result c;
        const char *spaces = strchr(encoder[by_rank], ':') + 1;
        OK(words_embed(s, &(struct words_options){file, spaces, by_rank}, &sum, &e));
        OK(train_store(s,
                       &(struct train_options){.folds = 3, .seed = 1, .encoder = encoder[by_rank]},
                       name, NULL, &e));
        OK(router_get(s, NULL, &r, &e));
        put_point(r.id);
        router_deinit(&r);
        struct compile_vectors v = {each_word, words_file_weight, file};
        struct compile_options o = {.path = table, .vectors = &v};
        OK(compile_store(s, &o, &c, &e));
        cr_assert(c.words == 104, "all but ',', 'don't' and the second 'waa', of 107: %zu",
                  c.words);
        cr_assert(c.report.samples == N && c.report.max_difference < 1e-3, "%g",
                  c.report.max_difference);
        compare(table, spaces);
        v.arg = other; /* not what the vectors were made of */
        cr_assert(compile_store(s, &o, &c, &e) == ERR_USAGE);
        cr_assert(strstr(e.text, "were not made of this file") != NULL, "%s", e.text);
        compare(table, spaces); /* the table is as it was */
    }
    unlink(table);
    unlink(file);
    unlink(other);
}
