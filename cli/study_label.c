/* What to label next, printed. The ranking is train/label_next.c. */
#include "cli/study_label.h"

#include "core/mem.h"

#include <inttypes.h>

void label_json(const struct label_wishes *x, struct jsonw *w)
{
    jsonw_obj(w, "label_next");
    jsonw_int(w, "candidates", (int64_t)x->candidates);
    jsonw_int(w, "without_vector", (int64_t)x->no_vector);
    jsonw_arr(w, "prompts");
    for (size_t k = 0; k < x->n; k++) {
        const struct label_wish *y = &x->wish[k];
        jsonw_obj(w, NULL);
        jsonw_str(w, "prompt", y->id);
        jsonw_str(w, "task", y->task);
        jsonw_int(w, "answered", (int64_t)y->answered);
        jsonw_int(w, "missing", (int64_t)y->missing);
        jsonw_str(w, "model", x->model[y->model]);
        jsonw_num(w, "value", y->value);
        jsonw_num(w, "cost_usd", y->cost_usd);
        jsonw_num(w, "value_per_usd", y->per_dollar);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}

int label_print(const struct label_wishes *x, enum out_shape shape, FILE *f)
{
    if (shape == OUT_ALIGNED && x->candidates == 0)
        return fprintf(f, "\nto label next: every prompt has a score of every model\n") < 0 ? -1
                                                                                            : 0;
    if (shape == OUT_ALIGNED)
        fprintf(f,
                "\nto label next: %zu of %zu prompts that lack a score of some model, the most "
                "valuable per dollar first\n\n",
                x->n, x->candidates);
    struct out *o = out_new(shape, f, 8,
                            (const char *const[]){"prompt", "task", "answered", "missing", "model",
                                                  "value", "cost_usd", "value_per_usd"});
    for (size_t k = 0; k < x->n; k++) {
        const struct label_wish *y = &x->wish[k];
        out_str(o, y->id);
        out_str(o, y->task);
        out_int(o, (int64_t)y->answered);
        out_int(o, (int64_t)y->missing);
        out_str(o, x->model[y->model]);
        out_num(o, y->value, 5);
        out_num(o, y->cost_usd, 6);
        out_num(o, y->per_dollar, 2);
    }
    if (out_end(o))
        return -1;
    if (shape == OUT_ALIGNED && x->no_vector > 0)
        fprintf(f, "\n%zu prompts are left out: they have no vector of the router's encoder\n",
                x->no_vector);
    return 0;
}
