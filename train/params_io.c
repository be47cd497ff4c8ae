/* The blob of router.params: magic, version, ten counts, names, arrays; little endian, zipped.
 *
 * The counts come first so that the reader can hold every length against what is left.
 */
#include "train/params.h"

#include "core/fs.h"
#include "core/mem.h"

#include <string.h>

static const char magic[8] = {'S', 'H', 'U', 'N', 'T', 'R', 'T', 'R'};
static const size_t MOST_BYTES = (size_t)1 << 33;

static void put_u64(struct buf *b, uint64_t v)
{
    unsigned char x[8];
    for (int i = 0; i < 8; i++)
        x[i] = (unsigned char)(v >> (8 * i));
    buf_add(b, x, sizeof x);
}

static void put_f64(struct buf *b, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        put_u64(b, bits);
    }
}

static void put_names(struct buf *b, char *const *names, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        put_u64(b, strlen(names[i]));
        buf_adds(b, names[i]);
    }
}

static void put_curves(struct buf *b, const struct isotonic *curve, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_u64(b, curve[i].count);
        put_f64(b, curve[i].x, curve[i].count);
        put_f64(b, curve[i].y, curve[i].count);
    }
}

/* The counts in their order in the blob. */
enum { COUNTS = 9 };
static void counts_of(struct params *p, uint64_t *at[COUNTS])
{
    uint64_t *all[COUNTS] = {&p->encoder_version, &p->bits, &p->models, &p->labels, &p->heads,
                             &p->tasks,           &p->kept, &p->sets,   &p->dims};
    memcpy(at, all, sizeof all);
}

void params_write(const struct params *p, struct buf *out)
{
    struct buf b = BUF_INIT(MOST_BYTES);
    buf_add(&b, magic, sizeof magic);
    put_u64(&b, PARAMS_VERSION);
    struct params copy = *p;
    uint64_t *count[COUNTS];
    counts_of(&copy, count);
    for (size_t i = 0; i < COUNTS; i++)
        put_u64(&b, *count[i]);
    put_names(&b, p->model, p->models);
    put_names(&b, p->label, p->labels);
    put_names(&b, p->task, p->tasks);
    put_names(&b, &p->encoder, 1);
    for (size_t i = 0; i < p->kept; i++)
        put_u64(&b, p->bucket[i]);
    for (size_t k = 0; k < p->sets; k++) {
        put_f64(&b, p->set[k].weight, p->kept * p->heads);
        put_f64(&b, p->set[k].surface, SHUNT_FEATURES * p->heads);
        put_f64(&b, p->set[k].task, p->tasks * p->heads);
        put_f64(&b, p->set[k].bias, p->heads);
        put_curves(&b, p->set[k].curve, p->heads);
    }
    put_f64(&b, p->dense, p->heads * p->dims);
    for (size_t i = 0; i < (p->tasks + 1) * p->models; i++) {
        const struct cost_row *r = &p->cost[i];
        put_f64(&b,
                (const double[]){r->tokens_per_byte, r->output_tokens, r->latency_ms, r->mean_nusd},
                4);
    }
    put_f64(&b, p->mean_score, p->models);
    put_f64(&b, p->mean_nusd, p->models);
    put_f64(&b, p->priced, p->models);
    for (size_t f = 0; f < SHUNT_FEATURES; f++) {
        put_u64(&b, (uint64_t)p->low[f]);
        put_u64(&b, (uint64_t)p->high[f]);
    }
    put_u64(&b, p->tellers);
    for (size_t k = 0; k < p->tellers; k++)
        put_u64(&b, p->teller[k]);
    for (size_t h = 0; h < p->tellers * p->models; h++) {
        put_f64(&b, &p->told[h].bias, 1);
        put_f64(&b, p->told[h].weight, SIGNALS);
        put_f64(&b, p->told[h].missing, SIGNALS);
        put_f64(&b, p->told[h].task, 3 * p->tasks);
    }
    fs_zip(b.data, b.len, out, NULL);
    buf_deinit(&b);
}

/* What is left to read; bad once anything did not fit. */
struct cursor {
    const unsigned char *at;
    size_t left;
    bool bad;
};

static uint64_t get_u64(struct cursor *c)
{
    if (c->left < 8) {
        c->bad = true;
        return 0;
    }
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)c->at[i] << (8 * i);
    c->at += 8;
    c->left -= 8;
    return v;
}

/* n doubles; at least one place, so that an empty array is not NULL. */
static double *get_f64(struct cursor *c, uint64_t n)
{
    if (c->bad || n > c->left / 8) {
        c->bad = true;
        return mem_array(1, sizeof(double));
    }
    double *v = mem_array(n, sizeof *v);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = get_u64(c);
        memcpy(&v[i], &bits, sizeof bits);
    }
    return v;
}

static struct isotonic *get_curves(struct cursor *c, uint64_t n)
{
    struct isotonic *curve = mem_array(n, sizeof *curve);
    for (uint64_t i = 0; i < n && !c->bad; i++) {
        uint64_t count = get_u64(c);
        if (count > ISOTONIC_KNOTS) {
            c->bad = true;
            break;
        }
        curve[i].count = count;
        double *x = get_f64(c, count), *y = get_f64(c, count);
        if (!c->bad && count > 0) {
            memcpy(curve[i].x, x, count * sizeof *x);
            memcpy(curve[i].y, y, count * sizeof *y);
        }
        free(x);
        free(y);
    }
    return curve;
}

static char **get_names(struct cursor *c, uint64_t n)
{
    char **names = mem_array(n, sizeof *names);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t len = get_u64(c);
        if (c->bad || len > c->left) {
            c->bad = true;
            len = 0;
        }
        names[i] = mem_strndup((const char *)c->at, len);
        c->at += len;
        c->left -= len;
    }
    return names;
}

static int32_t get_i32(struct cursor *c)
{
    uint64_t v = get_u64(c);
    return (int32_t)(uint32_t)v;
}

static void get_range(struct cursor *c, uint64_t version, struct params *p)
{
    for (size_t f = 0; f < SHUNT_FEATURES; f++) {
        p->low[f] = version < 3 ? INT32_MIN : get_i32(c);
        p->high[f] = version < 3 ? INT32_MAX : get_i32(c);
        c->bad = c->bad || p->low[f] > p->high[f];
    }
}

static void get_head(struct cursor *c, uint64_t tasks, struct posterior_head *h)
{
    double *v = get_f64(c, 1 + 2 * SIGNALS);
    if (!c->bad) {
        h->bias = v[0];
        memcpy(h->weight, v + 1, sizeof h->weight);
        memcpy(h->missing, v + 1 + SIGNALS, sizeof h->missing);
    }
    free(v);
    h->task = get_f64(c, 3 * tasks);
}

static void get_told(struct cursor *c, uint64_t version, struct params *p)
{
    p->tellers = version < 4 ? 0 : get_u64(c);
    c->bad = c->bad || p->tellers > p->models;
    if (c->bad)
        p->tellers = 0;
    p->teller = mem_array(p->tellers, sizeof *p->teller);
    p->told = mem_array(p->tellers * p->models, sizeof *p->told);
    for (uint64_t k = 0; k < p->tellers; k++) {
        p->teller[k] = get_u64(c);
        c->bad = c->bad || p->teller[k] >= p->models || (k > 0 && p->teller[k] <= p->teller[k - 1]);
    }
    for (uint64_t h = 0; h < p->tellers * p->models && !c->bad; h++)
        get_head(c, p->tasks, &p->told[h]);
}

static void get_arrays(struct cursor *c, uint64_t version, struct params *p)
{
    p->model = get_names(c, p->models);
    p->label = get_names(c, p->labels);
    p->task = get_names(c, p->tasks);
    char **encoder = get_names(c, 1);
    p->encoder = encoder[0];
    free(encoder);
    p->bucket = mem_array(p->kept, sizeof *p->bucket);
    for (uint64_t i = 0; i < p->kept; i++)
        p->bucket[i] = (uint32_t)get_u64(c);
    for (size_t k = 0; k < p->sets; k++) {
        p->set[k].weight = get_f64(c, p->kept * p->heads);
        p->set[k].surface = get_f64(c, SHUNT_FEATURES * p->heads);
        p->set[k].task = get_f64(c, p->tasks * p->heads);
        p->set[k].bias = get_f64(c, p->heads);
        p->set[k].curve = get_curves(c, p->heads);
    }
    p->dense = get_f64(c, p->heads * p->dims);
    double *rows = get_f64(c, (p->tasks + 1) * p->models * 4);
    p->cost = mem_array((p->tasks + 1) * p->models, sizeof *p->cost);
    for (size_t i = 0; !c->bad && i < (p->tasks + 1) * p->models; i++)
        p->cost[i] =
            (struct cost_row){rows[4 * i], rows[4 * i + 1], rows[4 * i + 2], rows[4 * i + 3]};
    free(rows);
    p->mean_score = get_f64(c, p->models);
    p->mean_nusd = get_f64(c, p->models);
    p->priced = get_f64(c, p->models);
    get_range(c, version, p);
    get_told(c, version, p);
}

int params_read(const void *data, size_t len, struct params *out, struct err *e)
{
    static const char damaged[] =
        "the parameters of the router are damaged; run 'shunt train' again";
    *out = (struct params){0};
    struct buf b = BUF_INIT(MOST_BYTES);
    if (fs_unzip(data, len, MOST_BYTES, &b, NULL) != ERR_OK || b.len < sizeof magic ||
        memcmp(b.data, magic, sizeof magic) != 0) {
        buf_deinit(&b);
        return err_set(e, ERR_FORMAT, "%s", damaged);
    }
    struct cursor c = {(const unsigned char *)b.data + sizeof magic, b.len - sizeof magic, false};
    uint64_t version = get_u64(&c), *count[COUNTS];
    if (version < 2 || version > PARAMS_VERSION) {
        buf_deinit(&b);
        return err_set(e, ERR_FORMAT,
                       "the router was trained by another version of shunt; run 'shunt "
                       "train' again");
    }
    counts_of(out, count);
    for (size_t i = 0; i < COUNTS; i++) {
        *count[i] = get_u64(&c);
        c.bad = c.bad || *count[i] > c.left; /* everything counted takes at least a byte */
    }
    uint64_t steps = out->labels > 0 ? out->labels - 1 : 0;
    c.bad = c.bad || out->models == 0 || out->sets < 1 || out->sets > 2 ||
            out->bits > SHUNT_BITS_MAX || out->bits < SHUNT_BITS_MIN ||
            out->heads != out->models + steps;
    if (!c.bad)
        get_arrays(&c, version, out);
    bool bad = c.bad || c.left != 0;
    bool other = !bad && out->encoder_version != SHUNT_ENCODER_VERSION;
    buf_deinit(&b);
    if (!bad && !other)
        return ERR_OK;
    if (out->model == NULL)
        *out = (struct params){0}; /* counts without arrays */
    params_deinit(out);
    return err_set(e, ERR_FORMAT, "%s",
                   bad ? damaged
                       : "the router was trained with another encoder version; run 'shunt "
                         "train' again");
}
