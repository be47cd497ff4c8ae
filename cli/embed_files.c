/* The two ways of shunt embed that ask nobody. Reading the files is datasets/'s. */
#include "cli/embed_files.h"

#include "core/jsonw.h"
#include "core/log.h"
#include "core/mem.h"
#include "datasets/vectors.h"
#include "datasets/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int embed_files_check(const struct embed_files *f, struct err *e)
{
    if (!f->encoder)
        return err_set(e, ERR_USAGE, "under which name? give --encoder NAME");
    if (f->import && f->vectors)
        return err_set(e, ERR_USAGE,
                       "--import brings vectors of prompts, --vectors those of words; "
                       "one at a time");
    if (f->ids && !f->import)
        return err_set(e, ERR_USAGE, "--ids goes with --import FILE.npy");
    if (strcmp(f->weights, "equal") != 0 && strcmp(f->weights, "rank") != 0)
        return err_set(e, ERR_USAGE, "--weights takes equal or rank, not '%s'", f->weights);
    return ERR_OK;
}

static void json_open(struct jsonw *w, const char *encoder, int64_t dimensions, int64_t prompts)
{
    jsonw_obj(w, NULL);
    jsonw_str(w, "schema", "shunt.embed/1");
    jsonw_str(w, "encoder", encoder);
    jsonw_int(w, "dimensions", dimensions);
    jsonw_int(w, "prompts", prompts);
}

static void json_close(struct jsonw *w)
{
    jsonw_end(w);
    puts(w->out->data);
    buf_deinit(w->out);
}

static int print_imported(const struct embed_files *f, const struct vectors_summary *s,
                          struct err *e)
{
    if (s->missing)
        log_note("%" PRId64 " of %" PRId64 " prompts have no vector of '%s'", s->missing,
                 s->prompts, f->encoder);
    if (f->json) {
        struct buf b = BUF_INIT(0);
        struct jsonw w = JSONW_INIT(&b);
        json_open(&w, f->encoder, s->dimensions, s->prompts);
        jsonw_int(&w, "added", s->added);
        jsonw_int(&w, "replaced", s->replaced);
        jsonw_int(&w, "missing", s->missing);
        json_close(&w);
        return ERR_OK;
    }
    struct out *o = out_new(
        OUT_ALIGNED, stdout, 6,
        (const char *const[]){"encoder", "dimensions", "prompts", "added", "replaced", "missing"});
    out_str(o, f->encoder);
    out_int(o, s->dimensions);
    out_int(o, s->prompts);
    out_int(o, s->added);
    out_int(o, s->replaced);
    out_int(o, s->missing);
    return out_end(o) ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static int print_words(const struct embed_files *f, const struct words_summary *s, struct err *e)
{
    double known = s->tokens ? (double)s->known / (double)s->tokens : 0;
    if (s->zero)
        log_note("%" PRId64 " of %" PRId64 " prompts hold no word of '%s' and got zeros", s->zero,
                 s->prompts, f->vectors);
    if (f->json) {
        struct buf b = BUF_INIT(0);
        struct jsonw w = JSONW_INIT(&b);
        json_open(&w, f->encoder, s->dimensions, s->prompts);
        jsonw_str(&w, "weights", f->weights);
        jsonw_int(&w, "words", s->words);
        jsonw_int(&w, "words_used", s->used);
        jsonw_fix(&w, "tokens_known_share", known, 6);
        jsonw_int(&w, "prompts_without_known_word", s->zero);
        json_close(&w);
        return ERR_OK;
    }
    struct out *o = out_new(OUT_ALIGNED, stdout, 6,
                            (const char *const[]){"encoder", "dimensions", "prompts", "words",
                                                  "words_used", "tokens_known_share"});
    out_str(o, f->encoder);
    out_int(o, s->dimensions);
    out_int(o, s->prompts);
    out_int(o, s->words);
    out_int(o, s->used);
    out_num(o, known, 4);
    return out_end(o) ? err_set(e, ERR_IO, "cannot write to stdout") : ERR_OK;
}

static int embed_into(struct store *s, const struct embed_files *f, struct err *e)
{
    if (f->import) {
        struct vectors_options o = {f->import, f->ids, f->encoder};
        struct vectors_summary sum;
        int rc = vectors_import(s, &o, &sum, e);
        return rc ? rc : print_imported(f, &sum, e);
    }
    struct words_options o = {f->vectors, f->encoder, strcmp(f->weights, "rank") == 0};
    struct words_summary sum;
    int rc = words_embed(s, &o, &sum, e);
    return rc ? rc : print_words(f, &sum, e);
}

int embed_files_run(const struct cli_common *c, const struct embed_files *f, int argc,
                    char *const *argv, struct err *e)
{
    struct store *s = NULL;
    int64_t id = 0;
    int rc = store_open(c->store, STORE_WRITE, &s, e);
    if (rc == ERR_OK)
        rc = run_begin(s, argc, argv, 0, &id, e);
    if (rc == ERR_OK) {
        rc = embed_into(s, f, e);
        int ended = run_end(s, id, -rc, rc ? NULL : e);
        rc = rc ? rc : ended;
    }
    store_close(s);
    return rc;
}
