/* A report from the store to files. */
#include "reports/report.h"

#include "core/fs.h"
#include "core/mem.h"
#include "reports/pages.h"

static int write_file(const char *dir, const char *name, const struct buf *b, struct err *e)
{
    AUTO_FREE char *path = fs_join(dir, name);
    if (b->over)
        return err_set(e, ERR_FORMAT, "'%s' would be larger than 1 GiB", path);
    return fs_write_atomic(path, b->data, b->len, e);
}

static int write_figures(const struct doc *doc, const char *dir, struct err *e)
{
    int rc = ERR_OK;
    for (size_t i = 0; !rc && i < doc->blocks.n; i++) {
        const struct figure *f = doc->blocks.v[i].figure;
        if (!f)
            continue;
        AUTO_FREE char *name = mem_printf("%s.svg", f->file);
        rc = write_file(dir, name, &f->wide, e);
    }
    return rc;
}

static int write_all(const struct report_data *d, const struct doc *doc, const char *dir,
                     struct err *e)
{
    struct buf html = BUF_INIT(0), md = BUF_INIT(0), csv = BUF_INIT(0), json = BUF_INIT(0);
    page_html(doc, &html);
    page_markdown(doc, &md);
    page_csv(d, &csv);
    page_json(d, doc, &json);
    int rc = fs_mkdirs(dir, e);
    if (!rc)
        rc = write_figures(doc, dir, e);
    if (!rc)
        rc = write_file(dir, "report.md", &md, e);
    if (!rc)
        rc = write_file(dir, "report.csv", &csv, e);
    if (!rc)
        rc = write_file(dir, "report.json", &json, e);
    if (!rc)
        rc = write_file(dir, "index.html", &html, e);
    buf_deinit(&html);
    buf_deinit(&md);
    buf_deinit(&csv);
    buf_deinit(&json);
    return rc;
}

int report_write(struct store *s, const char *dir, const struct report_options *o, struct err *e)
{
    struct report_data d;
    struct doc doc = {0};
    int rc = data_load(s, o->router, &d, e);
    if (!rc)
        rc = content_build(&d, o, &doc, e);
    if (!rc)
        rc = write_all(&d, &doc, dir, e);
    doc_deinit(&doc);
    data_deinit(&d);
    return rc;
}
