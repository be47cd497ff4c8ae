/* What is asked of a config once it was read: a model, encoder or tier by name, and the identity
 * that replies are stored under.
 */
#include "core/config.h"

#include "core/json.h"

#include <math.h>
#include <string.h>

const struct config_model *config_model_find(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->model_count; i++) {
        if (strcmp(c->models[i].name, name) == 0)
            return &c->models[i];
    }
    return NULL;
}

const struct config_encoder *config_encoder_find(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->encoder_count; i++) {
        if (strcmp(c->encoders[i].name, name) == 0)
            return &c->encoders[i];
    }
    return NULL;
}

int config_tier_find(const struct config *c, const char *tier)
{
    for (size_t i = 0; i < c->tier_count; i++) {
        if (strcmp(c->tiers[i], tier) == 0)
            return (int)i;
    }
    return -1;
}

static void add_text(struct json *object, const char *key, const char *text)
{
    if (text != NULL)
        json_add(object, key, json_new_string(text));
}

void config_model_identity(struct buf *b, const struct config_model *m)
{
    struct json *head = json_new_object();
    add_text(head, "model", m->model);
    add_text(head, "system", m->system_prompt);
    add_text(head, "template", m->template_text);
    if (!m->system_role)
        json_add(head, "system_role", json_new_bool(false));
    if (m->alternate_roles)
        json_add(head, "alternate_roles", json_new_bool(true));
    if (m->max_tokens > 0)
        json_add(head, "max_tokens", json_new_number((double)m->max_tokens));
    if (!isnan(m->temperature))
        json_add(head, "temperature", json_new_number(m->temperature));
    struct buf text = BUF_INIT(0);
    json_write_sorted(&text, head);
    /* params last, so that the two need not be merged into one tree: {...,"params":{...}} */
    if (m->params != NULL) {
        buf_add(b, text.data, text.len - 1);
        buf_adds(b, ",\"params\":");
        json_write_sorted(b, m->params);
        buf_addc(b, '}');
    } else {
        buf_add(b, text.data, text.len);
    }
    buf_deinit(&text);
    json_free(head);
}
