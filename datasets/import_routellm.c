/* CSVs as RouteLLM publishes them: a prompt, then for each model a column of True and False; where
 * a file has MODEL_response columns, the reply texts too. The file's name is the task. Prompts
 * listed in contaminated*.jsonl beside the files (field eval_prompt) are left out.
 */
#include "datasets/import_private.h"

#include "core/csv.h"
#include "core/fs.h"
#include "core/log.h"

#include <math.h>
#include <string.h>

static const size_t csv_max = 512u << 20; /* the largest published file is 2 MB */

struct column {
    size_t at, text_at; /* text_at SIZE_MAX: no texts */
    const char *model;  /* borrowed from sheet.names */
};

struct sheet {
    char *path, *task;
    struct str_vec names;
    VEC(struct column) columns;
    bool settled; /* columns are known: they are told by their first cells */
};

static void sheet_deinit(struct sheet *s)
{
    free(s->path);
    free(s->task);
    str_vec_free(&s->names);
    VEC_FREE(&s->columns);
}

/* 1 true, 0 false, -1 something else. */
static int truth(const char *cell)
{
    if (strcmp(cell, "True") == 0 || strcmp(cell, "true") == 0)
        return 1;
    return strcmp(cell, "False") == 0 || strcmp(cell, "false") == 0 ? 0 : -1;
}

static int read_header(struct sheet *s, struct csv *c, struct err *e)
{
    char **cell;
    size_t n;
    int rc = csv_next(c, &cell, &n, e);
    if (rc < 0)
        return rc;
    if (rc == 0 || strcmp(cell[0], "prompt") != 0)
        return err_set(e, ERR_FORMAT,
                       "'%s': the first line must be a header that begins with 'prompt'", s->path);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            if (strcmp(cell[i], s->names.v[k]) == 0)
                return err_set(e, ERR_FORMAT, "'%s': two columns are called '%s'", s->path,
                               cell[i]);
        VEC_PUSH(&s->names, mem_strdup(cell[i]));
    }
    return ERR_OK;
}

static size_t column_named(const struct sheet *s, const char *model, const char *suffix)
{
    AUTO_FREE char *name = mem_printf("%s%s", model, suffix);
    for (size_t i = 0; i < s->names.n; i++)
        if (strcmp(s->names.v[i], name) == 0)
            return i;
    return SIZE_MAX;
}

/* Which columns are models: those whose first cell is True or False. */
static int settle(struct sheet *s, char **cell, struct err *e)
{
    s->settled = true;
    for (size_t i = 1; i < s->names.n; i++) {
        if (truth(cell[i]) >= 0) {
            struct column col = {i, column_named(s, s->names.v[i], "_response"), s->names.v[i]};
            VEC_PUSH(&s->columns, col);
        }
    }
    if (s->columns.n == 0)
        return err_set(e, ERR_FORMAT, "'%s': no column of True and False, so no model's outcomes",
                       s->path);
    for (size_t i = 1; i < s->names.n; i++) {
        bool used = false;
        for (size_t k = 0; k < s->columns.n; k++)
            used = used || s->columns.v[k].at == i || s->columns.v[k].text_at == i;
        if (!used)
            log_note("'%s': column '%s' is neither True/False nor a model's texts and is ignored",
                     s->path, s->names.v[i]);
    }
    return ERR_OK;
}

static int read_cells(struct import *im, const struct sheet *s, char **cell, size_t prompt,
                      const struct import_at *at, struct err *e)
{
    for (size_t i = 0; i < s->columns.n; i++) {
        const struct column *col = &s->columns.v[i];
        int correct = truth(cell[col->at]);
        if (correct < 0 && *cell[col->at] == '\0')
            continue; /* not asked */
        if (correct < 0)
            return err_set(e, ERR_FORMAT, "%s:%zu: '%s' is '%.40s', not True or False", at->path,
                           at->line, col->model, cell[col->at]);
        struct reply r = {.usage = USAGE_UNKNOWN,
                          .text = col->text_at == SIZE_MAX ? NULL : cell[col->text_at],
                          .reported_nusd = MONEY_UNKNOWN,
                          .latency_ms = NAN,
                          .ttft_ms = NAN,
                          .mean_logprob = NAN,
                          .min_logprob = NAN,
                          .entropy = NAN};
        int rc = import_reply_store(im, prompt, col->model, &r, correct, at, e);
        if (rc)
            return rc;
    }
    return ERR_OK;
}

static int read_row(struct import *im, struct sheet *s, char **cell, size_t n, size_t row,
                    const struct import_at *at, struct err *e)
{
    if (n != s->names.n)
        return err_set(e, ERR_FORMAT, "%s:%zu: %zu columns, the header has %zu", at->path, at->line,
                       n, s->names.n);
    size_t len = strlen(cell[0]);
    struct import_prompt ip;
    import_prompt_init(&ip);
    ip.id = mem_printf("%s:%zu", s->task, row);
    ip.p.task = s->task;
    size_t index = 0;
    int rc = import_prompt_single(&ip, cell[0], len, at, e);
    if (rc == 0)
        rc = import_prompt_store(im, &ip, at, &index, e);
    import_prompt_deinit(&ip);
    if (rc == 0 && !s->settled)
        rc = settle(s, cell, e);
    if (rc == 0 && index != IMPORT_LEFT_OUT)
        rc = read_cells(im, s, cell, index, at, e);
    return rc;
}

static int read_rows(struct import *im, struct sheet *s, const struct strmap *contaminated,
                     struct csv *c, struct err *e)
{
    int rc = read_header(s, c, e);
    if (rc)
        return rc;
    char **cell;
    size_t n, row = 0;
    while ((rc = csv_next(c, &cell, &n, e)) == 1) {
        row++;
        struct import_at at = {s->path, csv_line(c)};
        if (strmap_find(contaminated, cell[0]) != SIZE_MAX) {
            im->sum->left_out++;
            continue;
        }
        rc = read_row(im, s, cell, n, row, &at, e);
        if (rc == 0)
            rc = import_tick(im, e);
        if (rc)
            return rc;
    }
    return rc;
}

static int read_sheet(struct import *im, const char *name, const struct strmap *contaminated,
                      struct err *e)
{
    struct sheet s = {.path = fs_join(im->o->path, name),
                      .task = mem_strndup(name, strlen(name) - 4)};
    struct csv *c = NULL;
    int rc = csv_open(s.path, csv_max, &c, e);
    if (rc == 0)
        rc = read_rows(im, &s, contaminated, c, e);
    csv_close(c);
    sheet_deinit(&s);
    return rc;
}

/* The texts of all contaminated*.jsonl. */
static int read_contaminated(struct import *im, struct strmap *out, struct err *e)
{
    struct str_vec names = {0};
    int rc = fs_list(im->o->path, ".jsonl", &names, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++) {
        if (strncmp(names.v[i], "contaminated", 12) != 0)
            continue;
        AUTO_FREE char *path = fs_join(im->o->path, names.v[i]);
        struct fs_lines *lines = NULL;
        rc = fs_lines_open(path, IMPORT_TEXT_MAX, &lines, e);
        char *line;
        size_t len;
        while (rc == 0 && (rc = fs_lines_next(lines, &line, &len, e)) == 1) {
            struct json *j = NULL;
            rc = json_parse(line, len, &j, e);
            const char *text = json_str(json_get(j, "eval_prompt"));
            if (rc)
                rc = err_wrap(e, rc, "%s:%zu", path, fs_lines_number(lines));
            else if (!text)
                rc = err_set(e, ERR_FORMAT, "%s:%zu: no 'eval_prompt'", path,
                             fs_lines_number(lines));
            else
                strmap_add(out, text, NULL);
            json_free(j);
        }
        fs_lines_close(lines);
    }
    str_vec_free(&names);
    return rc;
}

int import_routellm(struct import *im, struct err *e)
{
    struct str_vec names = {0};
    struct strmap *contaminated = strmap_new();
    int rc = fs_list(im->o->path, ".csv", &names, e);
    if (rc == 0)
        rc = read_contaminated(im, contaminated, e);
    for (size_t i = 0; rc == 0 && i < names.n; i++)
        rc = read_sheet(im, names.v[i], contaminated, e);
    if (rc == 0 && names.n == 0)
        rc = err_set(e, ERR_IO, "no .csv in '%s', which the routellm form needs", im->o->path);
    if (rc == 0 && im->known.n == 0 && im->sum->left.n == 0)
        rc = err_set(e, ERR_FORMAT, "the .csv files in '%s' hold no prompts", im->o->path);
    if (rc == 0)
        rc = import_check_any(im, im->o->path, e);
    str_vec_free(&names);
    strmap_free(contaminated);
    return rc;
}
