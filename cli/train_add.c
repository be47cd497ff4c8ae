/* One head beside a router: options in, train_add_model, a line and a row out. */
#include "cli/train_add.h"

#include "core/jsonw.h"
#include "core/mem.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

static void print_json(const struct added *x, struct buf *b)
{
    struct jsonw w = JSONW_INIT(b);
    jsonw_obj(&w, NULL);
    jsonw_str(&w, "schema", "shunt.train-add/1");
    jsonw_str(&w, "router", x->name);
    jsonw_str(&w, "from", x->from);
    jsonw_int(&w, "models", (int64_t)x->models);
    jsonw_str(&w, "model", x->head.name);
    jsonw_bool(&w, "replaced", x->replaced);
    jsonw_int(&w, "prompts", (int64_t)x->prompts);
    jsonw_int(&w, "prompts_scored", x->scored);
    jsonw_bool(&w, "confidence_heads_left_out", x->told_dropped);
    jsonw_num(&w, "mean_score", x->head.mean);
    jsonw_num(&w, "log_loss", x->head.loss);
    jsonw_num(&w, "log_loss_task_means", x->head.task_loss);
    jsonw_num(&w, "log_loss_base_rate", x->head.base_loss);
    jsonw_num(&w, "ece", x->head.ece);
    jsonw_num(&w, "c", x->head.choice.C);
    jsonw_num(&w, "shrinkage", x->head.choice.alpha);
    jsonw_str(&w, "calibration", choice_calibration(&x->head.choice));
    jsonw_fix(&w, "fit_seconds", x->seconds, 2);
    jsonw_end(&w);
    buf_adds(b, "\n");
}

static int print_row(const struct added *x, enum out_shape shape)
{
    struct out *o =
        out_new(shape, stdout, 10,
                (const char *const[]){"model", "prompts", "mean_score", "log_loss", "task_means",
                                      "base_rate", "ece", "c", "shrinkage", "calibration"});
    out_str(o, x->head.name);
    out_int(o, x->head.n);
    out_num(o, x->head.mean, 4);
    out_num(o, x->head.loss, 4);
    out_num(o, x->head.task_loss, 4);
    out_num(o, x->head.base_loss, 4);
    out_num(o, x->head.ece, 4);
    out_num(o, x->head.choice.C, 3);
    out_num(o, x->head.choice.alpha, 1);
    out_str(o, choice_calibration(&x->head.choice));
    return out_end(o);
}

static int print(const struct added *x, bool json, enum out_shape shape)
{
    if (json) {
        struct buf b = BUF_INIT(0);
        print_json(x, &b);
        const bool bad = fwrite(b.data, 1, b.len, stdout) != b.len;
        buf_deinit(&b);
        return bad ? -1 : 0;
    }
    if (shape == OUT_ALIGNED)
        printf("router %s: the %zu models of %s with %s %s, fitted in %.1f s on %" PRId64
               " of %zu prompts; all other heads are as they were\n\n",
               x->name, x->models, x->from, x->head.name, x->replaced ? "fitted anew" : "added",
               x->seconds, x->scored, x->prompts);
    if (print_row(x, shape))
        return -1;
    if (shape == OUT_ALIGNED && x->told_dropped)
        printf("\nwhat replies tell was not taken over: for plans train all models anew\n");
    if (shape == OUT_ALIGNED)
        printf("\nnext: shunt eval --router %s, which chooses its operating points\n", x->name);
    return fflush(stdout);
}

int train_add(const char *path, const struct add_options *o, int argc, char *const *argv, bool json,
              enum out_shape shape, struct err *e)
{
    struct store *s = NULL;
    int64_t run = 0;
    struct added x = {0};
    int rc = store_open(path, STORE_WRITE, &s, e);
    if (rc == ERR_OK)
        rc = run_begin(s, argc, argv, 0, &run, e);
    if (rc == ERR_OK) {
        rc = train_add_model(s, o, &x, e);
        const int ended = run_end(s, run, -rc, rc ? NULL : e);
        if (rc == ERR_OK)
            rc = ended;
    }
    if (rc == ERR_OK && print(&x, json, shape))
        rc = err_set(e, ERR_IO, "cannot write to stdout");
    added_deinit(&x);
    store_close(s);
    return rc;
}
