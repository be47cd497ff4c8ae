/* The table writer: same spec, same bytes; impossible specs named; files whole or not at all; and
 * tests/fixtures/router-1.*.shunt, which every later version must go on reading. */
#include "tests/router_spec.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "core/fs.h"
#include "router/shunt.h"

static const char fixture[] = "tests/fixtures/router-1.2.shunt";

static void golden_spec(struct mini *x)
{
    mini_init(x, 6, 40, 2026);
    mini_full(x);
    mini_extra(x);
    mini_range(x);
    mini_plan_point(x);
    mini_words(x);
    x->value.point = 2;
    x->meta[0] = (struct table_pair){"purpose", "fixture of the tests"};
}

Test(train_table, same_spec_same_bytes_in_whatever_order_it_comes)
{
    static struct mini a, b;
    unsigned char *one, *two;
    size_t n, m;
    struct err e = {0};
    mini_init(&a, 10, 500, 5);
    mini_full(&a);
    b = a;
    /* The same rows backwards, and the tasks exchanged. */
    mini_init(&b, 10, 500, 5);
    mini_full(&b);
    for (size_t r = 0; r < 500; r++) {
        b.bucket[r] = a.bucket[499 - r];
        memcpy(b.weight + r * MINI_HEADS, a.weight + (499 - r) * MINI_HEADS,
               MINI_HEADS * sizeof(double));
    }
    b.task[0] = a.task[1];
    b.task[1] = a.task[0];
    memcpy(b.taskw, a.taskw + MINI_HEADS, MINI_HEADS * sizeof(double));
    memcpy(b.taskw + MINI_HEADS, a.taskw, MINI_HEADS * sizeof(double));
    memcpy(b.cost, a.cost + MINI_MODELS, MINI_MODELS * sizeof *b.cost);
    memcpy(b.cost + MINI_MODELS, a.cost, MINI_MODELS * sizeof *b.cost);
    b.guard[0] = a.guard[1];
    b.guard[1] = a.guard[0];
    cr_assert_eq(table_build(&a.spec, &one, &n, &e), 0, "%s", e.text);
    cr_assert_eq(table_build(&b.spec, &two, &m, &e), 0, "%s", e.text);
    cr_assert_eq(n, m);
    cr_assert_eq(memcmp(one, two, n), 0);
    free(one);
    free(two);
}

Test(train_table, rounding_changes_little)
{
    static struct mini x;
    unsigned char *bytes;
    size_t len;
    struct err e = {0};
    struct table_report report;
    mini_init(&x, 10, 600, 9);
    mini_full(&x);
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
    cr_assert_eq(table_compare(&x.spec, bytes, len, &report, &e), 0, "%s", e.text);
    cr_assert_eq(report.samples, 3);
    cr_assert_eq(report.bytes, len);
    cr_assert(report.max_difference > 0 && report.max_difference < 1e-4, "%g",
              report.max_difference);
    cr_assert(report.mean_difference > 0 && report.mean_difference <= report.max_difference);
    cr_assert_eq(report.changed, 0);
    x.bias[0] += 3; /* another router than the one in the table: must be seen */
    cr_assert_eq(table_compare(&x.spec, bytes, len, &report, &e), 0);
    cr_assert_gt(report.max_difference, .05);
    free(bytes);
}

/* Spoil x in the i-th way; what the error must say, or NULL after the last way. */
/* clang-format off */
static const char *spoil(struct mini *x, int i)
{
    static char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    x->spec.dims = 7; /* read with an encoder only */
    x->spec.dense = x->dense;
    switch (i) {
    case 0: x->spec.bits = 30; return "30 bits";
    case 1: x->spec.models = 0; return "0 models";
    case 2: x->spec.models = 300; return "300 models";
    case 3: x->spec.labels = 1; return "1 labels";
    case 4: x->model[1].name = "small"; return "two models are named 'small'";
    case 5: x->model[1].name = ""; return "name of model 2 has 0 bytes";
    case 6: x->task[0] = longer; return "name of task 1 has 299 bytes";
    case 7: x->tier[0] = "a\nb"; return "tier 1 is not UTF-8";
    case 8: x->label[2] = "\xff"; return "complexity label 3";
    case 9: x->model[2].tier = 2; return "'large' is in tier 2";
    case 10: x->model[0].input_pusd = -1; return "price of model 'small'";
    case 11: x->bucket[3] = 256; return "bucket 256 is out of range";
    case 12: x->bucket[3] = x->bucket[4]; return "given twice";
    case 13: x->weight[7] = NAN; return "weight of bucket";
    case 14: x->bias[1] = 1e9; return "bias weight 0 of head 1 is 1e+09";
    case 15: x->surface[MINI_HEADS] = INFINITY; return "surface weight 1 of head 0";
    case 16: x->taskw[4] = -5000; return "task weight 0 of head 4";
    case 17: x->cost[3].tokens_per_byte = 17; return "model 'small' for task 'chat'";
    case 18: x->cost[8].output_tokens = NAN; return "model 'large' for task '(any)'";
    case 19: x->point[0].lambda_per_usd = -1; return "number of point 'best'";
    case 20: x->point[1].default_model = -1; return "guarded and has no default";
    case 21: x->point[0].name = "balanced"; return "operating points are named 'balanced'";
    case 22: x->point[0].share = 1; return "two different models";
    case 23: x->rule[1].target = 2; return "rule 'long' names a tier";
    case 24: x->rule[0].target = 3; return "rule 'legal' names a model";
    case 25: x->rule[1].max_bytes = 5; return "minimum length above";
    case 26: x->substitute[0] = 0; return "substitute 1 of model 'small'";
    case 27: x->sample[0].task = "none"; return "task 'none'";
    case 28: x->sample[0].point = "none"; return "point 'none'";
    case 29: x->meta[1].key = "Seed"; return "key 'Seed'";
    case 30: x->meta[1].key = "data.hash"; return "given twice";
    case 31: x->meta[1].value = "a\nb"; return "'seed' is not one line";
    case 32: x->spec.encoder = "e"; x->spec.dims = 0; return "0 dimensions";
    case 33: x->spec.encoder = "e"; return "no vector";
    case 34: x->point[1].edge[0] = 5; return "section 'points'";
    case 35: x->posterior[1].target = 3; return "posterior head 2 is of a model";
    case 36: x->posterior[2].replied = x->posterior[2].target = 0; return "two posterior heads for 'small' after 'small'";
    case 37: x->posterior[0].weight[3] = NAN; return "weight of posterior head 1";
    case 38: x->posterior[0].missing[12] = 1; return "a weight for signal 12";
    case 39: x->posterior_task[2] = INFINITY; return "weight of posterior head 1";
    case 40: x->value.point = 2; return "value heads 1";
    case 41: x->value.margin = -1; return "value heads of point 'balanced'";
    case 42: x->value_task[1] = NAN; return "value heads of point 'balanced'";
    case 43: x->spec.plan.max_calls = 257; return "257 calls";
    case 44: x->spec.drifts = 2; return "deciles of 2 scores";
    case 45: x->drift[1].share[3] = .2; return "deciles of score 2";
    case 46: x->drift[0].edge[3] = .1; return "deciles of score 1";
    case 47: x->stage[1].name = "retrieve"; return "two stages named 'retrieve'";
    case 48: x->stage[0].model = 3; return "stage 1 of ensemble 'research'";
    case 49: x->ensemble.point = 2; return "at point 2";
    case 50: x->vote.need = 4; return "vote 'all': 4 of 3";
    case 51: x->voter[1] = -1; return "model 2 does not exist";
    case 53: mini_words(x); x->word_weight[2] = 0; return "weight of word 3";
    case 54: mini_words(x); x->word_hash[4] = x->word_hash[3]; return "words 4 and 5";
    case 55: mini_words(x); x->words.n = 0; return "0 words";
    case 56: mini_words(x); x->word_value[9] = NAN; return "value of word 2, head 4";
    case 52: x->point[1].plan = 1; x->point[1].guard = NULL; return "point 'balanced' of plans";
    default: return NULL;
    }
}
/* clang-format on */

Test(train_table, names_what_is_impossible)
{
    static struct mini x;
    for (int i = 0;; i++) {
        struct err e = {0};
        unsigned char *bytes = NULL;
        size_t len = 77;
        mini_init(&x, 8, 50, 5);
        mini_full(&x);
        mini_extra(&x);
        const char *says = spoil(&x, i);
        if (!says) {
            cr_assert_eq(i, 57);
            return;
        }
        cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), ERR_USAGE, "case %d: %s", i, e.text);
        cr_assert_not_null(strstr(e.text, says), "case %d: %s", i, e.text);
        cr_assert_null(bytes);
        cr_assert_eq(len, 77);
    }
}

Test(train_table, a_file_is_whole_or_not_there)
{
    static struct mini x;
    struct err e = {0};
    char folder[] = "/tmp/shunt-table-XXXXXX";
    char path[64], missing[80];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.shunt", folder);
    mini_init(&x, 8, 50, 5);
    mini_full(&x);
    cr_assert_eq(table_write(&x.spec, path, &e), 0, "%s", e.text);
    cr_assert_eq(table_write(&x.spec, path, &e), 0, "over itself: %s", e.text);
    struct shunt_table *t;
    cr_assert_eq(shunt_open(path, &t), 0);
    cr_assert_eq(shunt_selftest(t), 0);

    /* A spec that fails, and a place that cannot be written, leave the old file and no other. */
    x.bias[0] = 1e9;
    cr_assert_eq(table_write(&x.spec, path, &e), ERR_USAGE);
    x.bias[0] = 0;
    snprintf(missing, sizeof missing, "%s/none/t.shunt", folder);
    cr_assert_eq(table_write(&x.spec, missing, &e), ERR_IO);
    cr_assert_not_null(strstr(e.text, missing));
    struct str_vec names = {0};
    cr_assert_eq(fs_list(folder, "", &names, &e), 0);
    cr_assert_eq(names.n, 1);
    str_vec_free(&names);
    cr_assert_eq(shunt_selftest(t), 0); /* the open map is the old file */
    shunt_close(t);
    cr_assert_eq(shunt_open(path, &t), 0);
    shunt_close(t);
    unlink(path);
    rmdir(folder);
}

Test(train_table, the_fixture_still_reads_and_is_still_written)
{
    static struct mini x;
    struct err e = {0};
    unsigned char *bytes;
    char *old;
    size_t len, n;
    golden_spec(&x);
    cr_assert_eq(table_build(&x.spec, &bytes, &len, &e), 0, "%s", e.text);
    if (getenv("SHUNT_RERECORD"))
        cr_assert_eq(fs_write_atomic(fixture, bytes, len, &e), 0, "%s", e.text);

    struct shunt_table *t;
    char why[200];
    static const char *const all[] = {"tests/fixtures/router-1.0.shunt",
                                      "tests/fixtures/router-1.1.shunt", fixture};
    for (unsigned i = 0; i < 3; i++) {
        struct shunt_table_info info = SHUNT_TABLE_INFO_INIT;
        cr_assert_eq(shunt_open_detail(all[i], &t, why, sizeof why), 0, "%s: %s", all[i], why);
        cr_assert_eq(shunt_selftest(t), 0, "%s", all[i]);
        cr_assert_eq(shunt_get_table(t, &info), 0);
        cr_assert_eq(info.minor, i);
        shunt_close(t);
    }
    cr_assert_eq(fs_read_all(fixture, 1 << 20, &old, &n, &e), 0, "%s", e.text);
    cr_assert(n == len && memcmp(old, bytes, n) == 0,
              "the writer gives other bytes than %s: a new format version needs a new fixture "
              "beside it (SHUNT_RERECORD=1 writes it)",
              fixture);
    free(old);
    free(bytes);
}
