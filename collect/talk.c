/* From stored messages to turns. */
#include "collect/talk.h"

#include "core/json.h"

#include <string.h>

static void add_paragraph(struct buf *b, const char *text)
{
    if (b->len)
        buf_adds(b, "\n\n");
    buf_adds(b, text);
}

static struct talk_turn *push(struct talk *t, enum talk_role role)
{
    struct talk_turn turn = {.role = role};
    buf_init(&turn.text, 0);
    VEC_PUSH(&t->turns, turn);
    return &t->turns.v[t->turns.n - 1];
}

static void put_into_template(struct talk_turn *turn, const char *template_text)
{
    static const char mark[] = "{prompt}";
    struct buf b = BUF_INIT(0);
    const char *at = template_text, *hit;
    while ((hit = strstr(at, mark))) {
        buf_add(&b, at, (size_t)(hit - at));
        buf_add(&b, turn->text.data, turn->text.len);
        at = hit + sizeof mark - 1;
    }
    buf_adds(&b, at);
    buf_deinit(&turn->text);
    turn->text = b;
}

static int read_turns(struct talk *t, const struct json *messages, struct err *e)
{
    size_t i = 0;
    for (const struct json *m = json_first(messages); m; m = json_next(m), i++) {
        const char *role = json_str(json_get(m, "role"));
        const char *content = json_str(json_get(m, "content"));
        if (!role || !content)
            return err_set(e, ERR_FORMAT, "messages[%zu] has no role or no text", i);
        if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0)
            add_paragraph(&t->system, content);
        else
            buf_adds(&push(t, strcmp(role, "assistant") == 0 ? TALK_ASSISTANT : TALK_USER)->text,
                     content);
    }
    return ERR_OK;
}

/* Services that want roles to alternate refuse two turns of one role in a row, and an assistant's
 * turn at the start. */
static void alternate_roles(struct talk *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->turns.n; i++) {
        struct talk_turn *turn = &t->turns.v[i];
        if (kept && t->turns.v[kept - 1].role == turn->role) {
            add_paragraph(&t->turns.v[kept - 1].text, turn->text.data);
            buf_deinit(&turn->text);
        } else {
            t->turns.v[kept++] = *turn;
        }
    }
    t->turns.n = kept;
    if (kept && t->turns.v[0].role == TALK_ASSISTANT) {
        push(t, TALK_USER);
        struct talk_turn opening = t->turns.v[kept];
        buf_adds(&opening.text, "(start of the conversation)");
        memmove(t->turns.v + 1, t->turns.v, kept * sizeof *t->turns.v);
        t->turns.v[0] = opening;
    }
}

/* For a model without a system role: what it was told stands at the head of the user's first turn.
 */
static void fold_system(struct talk *t)
{
    if (!t->system.len)
        return;
    struct buf both = t->system;
    buf_init(&t->system, 0);
    size_t i = 0;
    while (i < t->turns.n && t->turns.v[i].role != TALK_USER)
        i++;
    if (i == t->turns.n) { /* only the assistant spoke */
        struct talk_turn *turn = push(t, TALK_USER);
        struct talk_turn first = *turn;
        memmove(t->turns.v + 1, t->turns.v, i * sizeof *t->turns.v);
        t->turns.v[0] = first;
        i = 0;
    }
    struct talk_turn *turn = &t->turns.v[i];
    if (turn->text.len)
        add_paragraph(&both, turn->text.data);
    buf_deinit(&turn->text);
    turn->text = both;
}

int talk_read(struct talk *out, const char *messages, const struct config_model *m, bool alternate,
              struct err *e)
{
    struct json *tree = NULL;
    *out = (struct talk){0};
    buf_init(&out->system, 0);
    if (m->system_prompt)
        buf_adds(&out->system, m->system_prompt);
    int rc = json_parse(messages, strlen(messages), &tree, e);
    if (!rc && json_type(tree) != JSON_ARRAY)
        rc = err_set(e, ERR_FORMAT, "its messages are not an array");
    if (!rc)
        rc = read_turns(out, tree, e);
    json_free(tree);
    if (rc) {
        talk_deinit(out);
        return rc;
    }
    if (out->turns.n == 0) { /* a system turn alone is a question too */
        struct talk_turn *turn = push(out, TALK_USER);
        struct buf system = out->system;
        out->system = turn->text;
        turn->text = system;
    }
    struct talk_turn *last = NULL;
    for (size_t i = 0; i < out->turns.n; i++)
        if (out->turns.v[i].role == TALK_USER)
            last = &out->turns.v[i];
    if (m->template_text && last)
        put_into_template(last, m->template_text);
    if (!m->system_role)
        fold_system(out);
    if (alternate)
        alternate_roles(out);
    return ERR_OK;
}

void talk_deinit(struct talk *t)
{
    buf_deinit(&t->system);
    for (size_t i = 0; i < t->turns.n; i++)
        buf_deinit(&t->turns.v[i].text);
    VEC_FREE(&t->turns);
}
