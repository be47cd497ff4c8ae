/* One JSON object -> one prompt, every field checked: our own JSONL and the prompts of the outcomes
 * form (`id` or `prompt_id`). Where it goes in the store is import_rows.c's affair.
 */
#include "datasets/import_private.h"

#include "core/clock.h"
#include "core/jsonw.h"
#include "core/opt.h"
#include "router/shunt.h"
#include "store/grader.h"

#include <math.h>
#include <string.h>

static const char *const prompt_keys[] = {
    "id",      "prompt_id",  "prompt",    "messages", "task",       "dataset",
    "user",    "user_class", "timestamp", "group",    "complexity", "reference",
    "grader",  "split",      "weight",    "parent",   "stage",      "source_split",
    "model_a", "model_b",    "winner",    "votes",
};
/* The last four are votes, read by import_preferences.c. */
enum { ALL_KEYS = sizeof prompt_keys / sizeof *prompt_keys, VOTE_KEYS = 4 };

void import_prompt_init(struct import_prompt *ip)
{
    *ip = (struct import_prompt){.p = {.timestamp_ms = INT64_MIN, .weight = 1}};
    buf_init(&ip->messages, 0);
    buf_init(&ip->text, 0);
    buf_init(&ip->reference, 0);
    buf_init(&ip->grader, 0);
}

void import_prompt_deinit(struct import_prompt *ip)
{
    free(ip->id);
    free(ip->user);
    free(ip->group);
    free(ip->parent);
    buf_deinit(&ip->messages);
    buf_deinit(&ip->text);
    buf_deinit(&ip->reference);
    buf_deinit(&ip->grader);
}

/* ---- messages ---- */

struct turns {
    struct shunt_message *v;
    struct buf *content; /* one a turn */
    size_t n;
};

static void turns_deinit(struct turns *t)
{
    for (size_t i = 0; i < t->n; i++)
        buf_deinit(&t->content[i]);
    free(t->content);
    free(t->v);
}

/* The text of a message: a string, or the text parts of an array, joined. */
static int content_read(const struct json *content, struct buf *out, size_t turn,
                        const struct import_at *at, struct err *e)
{
    if (json_str(content)) {
        buf_adds(out, json_str(content));
        return ERR_OK;
    }
    if (json_type(content) != JSON_ARRAY)
        return err_set(e, ERR_FORMAT, "%s:%zu: messages[%zu].content must be a string", at->path,
                       at->line, turn);
    for (const struct json *part = json_first(content); part; part = json_next(part)) {
        const char *text = json_str(json_get(part, "text"));
        if (!text)
            return err_set(e, ERR_FORMAT,
                           "%s:%zu: messages[%zu].content has a part that is not text", at->path,
                           at->line, turn);
        buf_adds(out, text);
    }
    return ERR_OK;
}

static const char *const roles[] = {"system", "developer", "user", "assistant", "tool"};
enum { ROLES = sizeof roles / sizeof *roles };

static int turns_read(const struct json *messages, struct turns *t, const struct import_at *at,
                      struct err *e)
{
    size_t count = json_count(messages);
    if (json_type(messages) != JSON_ARRAY || count == 0)
        return err_set(
            e, ERR_FORMAT,
            "%s:%zu: 'messages' must be an array of {\"role\", \"content\"} with at least one",
            at->path, at->line);
    t->v = mem_array(count, sizeof *t->v);
    t->content = mem_array(count, sizeof *t->content);
    for (const struct json *m = json_first(messages); m; m = json_next(m)) {
        size_t i = t->n++;
        buf_init(&t->content[i], 0);
        const char *role = json_str(json_get(m, "role"));
        bool known = false;
        for (size_t k = 0; role && k < ROLES; k++)
            known = known || strcmp(role, roles[k]) == 0;
        if (!known)
            return err_set(
                e, ERR_FORMAT,
                "%s:%zu: messages[%zu].role is %s%s%s, not system, developer, user, assistant"
                " or tool",
                at->path, at->line, i, role ? "'" : "", role ? role : "missing", role ? "'" : "");
        int rc = content_read(json_get(m, "content"), &t->content[i], i, at, e);
        if (rc)
            return rc;
        t->v[i] = (struct shunt_message){role, t->content[i].data, t->content[i].len};
    }
    return ERR_OK;
}

static int text_of(const struct turns *t, struct buf *text, const struct import_at *at,
                   struct err *e)
{
    size_t needed = 0;
    int status = shunt_text_of_messages(t->v, t->n, NULL, 0, &needed);
    if (status == SHUNT_OK && needed > 0) {
        buf_reserve(text, needed);
        status = shunt_text_of_messages(t->v, t->n, text->data, needed, &needed);
        text->len = needed;
        text->data[needed] = '\0';
    }
    if (status == SHUNT_E_TOO_LONG)
        return err_set(e, ERR_FORMAT,
                       "%s:%zu: the prompt is longer than the limit of %d bytes; shorten it",
                       at->path, at->line, (int)SHUNT_TEXT_MAX);
    if (status != SHUNT_OK)
        return err_set(e, ERR_FORMAT, "%s:%zu: %s", at->path, at->line, shunt_strerror(status));
    if (text->data[strspn(text->data, " \t\r\n")] == '\0')
        return err_set(e, ERR_FORMAT, "%s:%zu: the prompt has no text", at->path, at->line);
    return ERR_OK;
}

/* messages as the store keeps them: role and content only, in that order, compact. */
static int turns_keep(const struct turns *t, struct import_prompt *ip, const struct import_at *at,
                      struct err *e)
{
    struct jsonw w = JSONW_INIT(&ip->messages);
    jsonw_arr(&w, NULL);
    for (size_t i = 0; i < t->n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "role", t->v[i].role);
        jsonw_strn(&w, "content", t->v[i].content, t->v[i].bytes);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    ip->p.messages = ip->messages.data;
    int rc = text_of(t, &ip->text, at, e);
    ip->p.text = ip->text.data;
    return rc;
}

int import_prompt_single(struct import_prompt *ip, const char *text, size_t len,
                         const struct import_at *at, struct err *e)
{
    struct shunt_message m = {"user", text, len};
    struct turns t = {&m, NULL, 1};
    return turns_keep(&t, ip, at, e);
}

static int read_messages(const struct json *line, struct import_prompt *ip,
                         const struct import_at *at, struct err *e)
{
    const struct json *messages = json_get(line, "messages"), *prompt = json_get(line, "prompt");
    if (messages && prompt)
        return err_set(e, ERR_FORMAT, "%s:%zu: both 'prompt' and 'messages' are given; keep one",
                       at->path, at->line);
    if (!messages) {
        const char *text = json_str(prompt);
        if (!text)
            return err_set(e, ERR_FORMAT, "%s:%zu: %s", at->path, at->line,
                           prompt ? "'prompt' must be a string"
                                  : "neither 'prompt' nor 'messages' is given");
        return import_prompt_single(ip, text, strlen(text), at, e);
    }
    struct turns t = {0};
    int rc = turns_read(messages, &t, at, e);
    if (rc == 0)
        rc = turns_keep(&t, ip, at, e);
    turns_deinit(&t);
    return rc;
}

int import_messages_text(const struct json *messages, const struct import_at *at, struct buf *text,
                         struct err *e)
{
    struct turns t = {0};
    int rc = turns_read(messages, &t, at, e);
    if (rc == 0)
        rc = text_of(&t, text, at, e);
    turns_deinit(&t);
    return rc;
}

/* ---- the other fields ---- */

/* A string member (null is absent). */
static int field_str(const struct json *line, const char *key, const char **out,
                     const struct import_at *at, struct err *e)
{
    const struct json *j = json_get(line, key);
    *out = json_str(j);
    if (*out || json_type(j) == JSON_ABSENT || json_type(j) == JSON_NULL)
        return ERR_OK;
    return err_set(e, ERR_FORMAT, "%s:%zu: '%s' must be a string", at->path, at->line, key);
}

/* A string or whole number as text (null is absent, so is ""). */
static int field_id(const struct json *line, const char *key, char **out,
                    const struct import_at *at, struct err *e)
{
    const struct json *j = json_get(line, key);
    if (json_type(j) == JSON_ABSENT || json_type(j) == JSON_NULL)
        return ERR_OK;
    *out = json_id(j);
    if (!*out)
        return err_set(e, ERR_FORMAT, "%s:%zu: '%s' must be a string or a whole number", at->path,
                       at->line, key);
    if (!**out) {
        free(*out);
        *out = NULL;
    }
    return ERR_OK;
}

static int field_word(const struct json *line, const char *key, const char *const *words, size_t n,
                      const char **out, const struct import_at *at, struct err *e)
{
    int rc = field_str(line, key, out, at, e);
    if (rc || !*out)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (strcmp(*out, words[i]) == 0)
            return ERR_OK;
    return err_set(e, ERR_FORMAT, "%s:%zu: '%s' is '%s', not %s, %s or %s", at->path, at->line, key,
                   *out, words[0], words[1], words[2]);
}

static int read_ids(const struct json *line, struct import_prompt *ip, const struct import_at *at,
                    struct err *e)
{
    int rc = field_id(line, json_get(line, "id") ? "id" : "prompt_id", &ip->id, at, e);
    if (rc == 0 && !ip->id)
        rc = err_set(e, ERR_FORMAT, "%s:%zu: no 'id' (each prompt needs one of its own)", at->path,
                     at->line);
    if (rc == 0)
        rc = field_id(line, "user", &ip->user, at, e);
    if (rc == 0)
        rc = field_id(line, "group", &ip->group, at, e);
    if (rc == 0)
        rc = field_id(line, "parent", &ip->parent, at, e);
    ip->p.ext_id = ip->id;
    ip->p.user = ip->user;
    ip->p.group = ip->group;
    return rc;
}

static int read_labels(const struct json *line, struct prompt *p, const struct import_at *at,
                       struct err *e)
{
    static const char *const levels[] = {"simple", "moderate", "complex"};
    static const char *const splits[] = {"train", "validation", "test"};
    int rc = field_str(line, "task", &p->task, at, e);
    if (rc == 0)
        rc = field_str(line, "dataset", &p->dataset, at, e);
    if (rc == 0)
        rc = field_str(line, "user_class", &p->user_class, at, e);
    if (rc == 0)
        rc = field_str(line, "stage", &p->stage, at, e);
    if (rc == 0)
        rc = field_word(line, "complexity", levels, 3, &p->complexity, at, e);
    if (rc == 0)
        rc = field_word(line, "split", splits, 3, &p->split, at, e);
    p->split_given = p->split != NULL;
    return rc;
}

static int read_numbers(const struct json *line, struct prompt *p, const struct import_at *at,
                        struct err *e)
{
    const struct json *weight = json_get(line, "weight"), *time = json_get(line, "timestamp");
    if (weight && json_type(weight) != JSON_NULL) {
        p->weight = json_num(weight, NAN);
        if (!(p->weight > 0) || isinf(p->weight))
            return err_set(e, ERR_FORMAT, "%s:%zu: 'weight' must be a number above 0", at->path,
                           at->line);
    }
    if (time && json_type(time) != JSON_NULL) {
        const char *text = json_str(time);
        if (!text || !clock_parse(text, &p->timestamp_ms))
            return err_set(e, ERR_FORMAT,
                           "%s:%zu: 'timestamp' must be RFC 3339, as in \"2026-03-07T09:14:03Z\"",
                           at->path, at->line);
    }
    return ERR_OK;
}

static int read_grading(const struct json *line, struct import_prompt *ip,
                        const struct import_at *at, struct err *e)
{
    const struct json *reference = json_get(line, "reference"), *grader = json_get(line, "grader");
    if (reference && json_type(reference) != JSON_NULL) {
        json_write(&ip->reference, reference);
        ip->p.reference = ip->reference.data;
    }
    if (!grader || json_type(grader) == JSON_NULL)
        return ERR_OK;
    json_write(&ip->grader, grader);
    ip->p.grader = ip->grader.data;
    struct grader *g = NULL;
    int rc = grader_open(ip->grader.data, ip->p.reference, &g, e);
    if (rc == 0)
        rc = grader_check(g, e);
    grader_close(g);
    return rc ? err_wrap(e, rc, "%s:%zu", at->path, at->line) : ERR_OK;
}

int import_prompt_read(struct import *im, const struct json *line, const struct import_at *at,
                       struct import_prompt *ip, struct err *e)
{
    const size_t keys = im->sum->format == IMPORT_PREFERENCES ? ALL_KEYS : ALL_KEYS - VOTE_KEYS;
    int rc = import_check_keys(im, line, prompt_keys, keys, at, e);
    if (rc == 0)
        rc = read_ids(line, ip, at, e);
    if (rc == 0)
        rc = read_messages(line, ip, at, e);
    if (rc == 0)
        rc = read_labels(line, &ip->p, at, e);
    if (rc == 0)
        rc = read_numbers(line, &ip->p, at, e);
    if (rc == 0 && (ip->parent != NULL) != (ip->p.stage != NULL))
        rc = err_set(e, ERR_FORMAT,
                     "%s:%zu: 'parent' and 'stage' go together, '%s' has one of them only",
                     at->path, at->line, ip->id);
    if (rc == 0)
        rc = read_grading(line, ip, at, e);
    return rc;
}
