/* What is stored for vectors that come from files: component by component. How files are refused is
 * tested on the command line (tests/cli/embed_files.t).
 */
#include "core/fs.h"
#include "datasets/vectors.h"
#include "datasets/words.h"
#include "store/embed.h"
#include "store/prompt.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store *s;
static char folder[64], file[3][96];

static void in_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/shunt-vectors-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(file[0], sizeof file[0], "%s/s.db", folder);
    snprintf(file[1], sizeof file[1], "%s/v.npy", folder);
    snprintf(file[2], sizeof file[2], "%s/text", folder);
    struct err e = {0};
    cr_assert(store_open(file[0], STORE_CREATE, &s, &e) == 0, "%s", e.text);
}

static void gone(void)
{
    store_close(s);
    for (int i = 0; i < 3; i++)
        unlink(file[i]);
    rmdir(folder);
}

TestSuite(vectors, .init = in_folder, .fini = gone);

static int64_t add(const char *id, const char *text)
{
    struct prompt p = {
        .ext_id = id, .messages = "[]", .text = text, .timestamp_ms = INT64_MIN, .weight = 1};
    int added;
    cr_assert(prompt_put(s, &p, &added, NULL) == 0);
    return p.id;
}

/* The stored vector of one prompt; its hash into hash[65] where wanted. */
static void stored(const char *encoder, int64_t prompt, size_t dims, float *out, char *hash)
{
    struct encoder enc;
    bool have;
    cr_assert(encoder_find(s, encoder, &enc, NULL) == 0);
    cr_assert(eq(i64, enc.dimensions, (int64_t)dims));
    cr_assert(embedding_load(s, enc.id, dims, &prompt, 1, out, &have, NULL) == 0);
    cr_assert(have);
    if (hash)
        memcpy(hash, enc.hash, sizeof enc.hash);
}

static void put_file(const char *path, const void *data, size_t len)
{
    cr_assert(fs_write_atomic(path, data, len, NULL) == 0);
}

/* A .npy of version v with this dict and these bytes. */
static void put_npy(int version, const char *dict, const void *data, size_t len)
{
    struct buf b = BUF_INIT(0);
    size_t n = strlen(dict) + 1;
    buf_add(&b, "\x93NUMPY", 6);
    buf_addc(&b, (char)version);
    buf_addc(&b, 0);
    buf_addc(&b, (char)(n & 255));
    buf_addc(&b, (char)(n >> 8));
    if (version > 1)
        buf_add(&b, "\0\0", 2);
    buf_addf(&b, "%s\n", dict);
    buf_add(&b, data, len);
    put_file(file[1], b.data, b.len);
    buf_deinit(&b);
}

Test(vectors, npy_rows_arrive_as_they_are)
{
    static const float f4[2][3] = {{1.5f, -2.25f, 1e-30f}, {3e38f, 0, -0.1f}};
    static const double f8[1][3] = {{.1, 1e-60, -7}};
    int64_t a = add("a", "x"), b = add("7", "y");
    struct vectors_options o = {file[1], file[2], "mine"};
    struct vectors_summary sum;
    struct err e = {0};
    float got[3];
    put_file(file[2], "7\n\n  \na", 8);
    put_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", f4, sizeof f4);
    cr_assert(vectors_import(s, &o, &sum, &e) == 0, "%s", e.text);
    cr_expect(sum.added == 2 && sum.replaced == 0 && sum.missing == 0 && sum.prompts == 2);
    stored("mine", b, 3, got, NULL);
    cr_expect(memcmp(got, f4[0], sizeof got) == 0);
    stored("mine", a, 3, got, NULL);
    cr_expect(memcmp(got, f4[1], sizeof got) == 0);
    put_file(file[2], "a\n", 2);
    put_npy(2, "{'shape': (1, 3), 'descr': '<f8', 'fortran_order': False}", f8, sizeof f8);
    cr_assert(vectors_import(s, &o, &sum, &e) == 0, "%s", e.text);
    cr_expect(sum.added == 0 && sum.replaced == 1);
    stored("mine", a, 3, got, NULL);
    cr_expect(got[0] == .1f && got[1] == 0 && got[2] == -7);
}

Test(vectors, an_error_stores_nothing)
{
    static const float f4[2][1] = {{1}, {2}};
    int64_t a = add("a", "x");
    struct vectors_options o = {file[1], file[2], "mine"};
    struct vectors_summary sum;
    struct err e = {0};
    struct encoder enc;
    put_file(file[2], "a\nb\n", 4);
    put_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", f4, sizeof f4);
    cr_expect(eq(int, vectors_import(s, &o, &sum, &e), ERR_FORMAT));
    cr_expect(strstr(e.text, "row 2: the store has no prompt 'b'") != NULL, "%s", e.text);
    cr_expect(eq(int, encoder_find(s, "mine", &enc, NULL), ERR_USAGE), "no encoder stays behind");
    (void)a;
}

static void embed(const char *encoder, bool by_rank, struct words_summary *sum)
{
    struct words_options o = {file[2], encoder, by_rank};
    struct err e = {0};
    cr_assert(words_embed(s, &o, sum, &e) == 0, "%s", e.text);
}

Test(vectors, means_of_word_vectors_by_hand)
{
    static const char words[] = "the 4 0\nred 1 2\nGREEN 0 8\ngreen 9 9\nred 100 100\n";
    int64_t a = add("a", "The red, RED thing!"), b = add("b", "GREEN green"), c = add("c", "?? x");
    struct words_summary sum;
    float got[2];
    char hash[65], other[65];
    put_file(file[2], words, sizeof words - 1);
    embed("equal", false, &sum);
    cr_expect(sum.words == 5 && sum.used == 4 && sum.dimensions == 2 && sum.zero == 1);
    cr_expect(sum.tokens == 7 && sum.known == 5, "%lld", (long long)sum.known);
    stored("equal", a, 2, got, hash);
    cr_expect(got[0] == 2.f && got[1] == (float)(4. / 3), "(4,0), (1,2), (1,2): lower case too");
    stored("equal", b, 2, got, NULL);
    cr_expect(got[0] == 4.5f && got[1] == 8.5f, "the spelling of the text goes first");
    stored("equal", c, 2, got, NULL);
    cr_expect(got[0] == 0 && got[1] == 0);

    embed("rank", true, &sum);
    stored("rank", a, 2, got, other);
    double total = log(1.78 * 5), w1 = .001 / (.001 + 1 / total), w2 = .001 / (.001 + .5 / total);
    cr_expect(fabs((double)got[0] - (4 * w1 + 2 * w2) / (w1 + 2 * w2)) < 1e-6);
    cr_expect(fabs((double)got[1] - 4 * w2 / (w1 + 2 * w2)) < 1e-6);
    cr_expect(strcmp(hash, other) != 0, "other weights, another encoder");
    put_file(file[2], words, sizeof words - 14);
    struct words_options o = {file[2], "equal", false};
    struct err e = {0};
    cr_expect(eq(int, words_embed(s, &o, &sum, &e), ERR_DB), "another file, another encoder");
}
