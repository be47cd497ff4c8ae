/* Gemini generateContent (FORMATS 1.4): systemInstruction, roles "user" and "model", parameters in
 * generationConfig, thoughts counted beside the answer.
 */
#include "collect/adapter.h"
#include "collect/logprob.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static void write_parts(struct jsonw *w, const struct buf *text)
{
    jsonw_arr(w, "parts");
    jsonw_obj(w, NULL);
    jsonw_strn(w, "text", text->data, text->len);
    jsonw_end(w);
    jsonw_end(w);
}

/* Members of the request itself; every other parameter is one of generationConfig. */
static const char *const top_level[] = {"safetySettings", "tools",  "toolConfig",
                                        "cachedContent",  "labels", NULL};

static bool is_top_level(const char *key)
{
    for (size_t i = 0; top_level[i]; i++)
        if (strcmp(key, top_level[i]) == 0)
            return true;
    return false;
}

static void write_config(struct jsonw *w, const struct config_model *m, int64_t sample)
{
    static const char *const skip[] = {"seed",
                                       "logprobs",
                                       "top_logprobs",
                                       "responseLogprobs",
                                       "generationConfig",
                                       "contents",
                                       "systemInstruction",
                                       "safetySettings",
                                       "tools",
                                       "toolConfig",
                                       "cachedContent",
                                       "labels",
                                       NULL};
    const struct json *params = m->params;
    int64_t top, seed = 0;
    bool seeded = json_int64(json_get(params, "seed"), &seed);
    jsonw_obj(w, "generationConfig");
    if (m->max_tokens > 0 && !json_get(params, "maxOutputTokens"))
        jsonw_int(w, "maxOutputTokens", m->max_tokens);
    if (!isnan(m->temperature) && !json_get(params, "temperature"))
        jsonw_num(w, "temperature", m->temperature);
    if (seeded || sample > 0)
        jsonw_int(w, "seed", (int64_t)((uint64_t)seed + (uint64_t)sample));
    if (adapter_logprobs(params, &top)) {
        jsonw_bool(w, "responseLogprobs", true);
        if (top > 0)
            jsonw_int(w, "logprobs", top);
    }
    adapter_params(w, json_get(params, "generationConfig"), (const char *const[]){NULL});
    adapter_params(w, params, skip);
    jsonw_end(w);
}

static void gemini_write(struct buf *out, const struct config_model *m, const struct talk *t,
                         int64_t sample, bool official)
{
    (void)official;
    struct jsonw w = JSONW_INIT(out);
    jsonw_obj(&w, NULL);
    if (t->system.len) {
        jsonw_obj(&w, "systemInstruction");
        write_parts(&w, &t->system);
        jsonw_end(&w);
    }
    jsonw_arr(&w, "contents");
    for (size_t i = 0; i < t->turns.n; i++) {
        jsonw_obj(&w, NULL);
        jsonw_str(&w, "role", t->turns.v[i].role == TALK_USER ? "user" : "model");
        write_parts(&w, &t->turns.v[i].text);
        jsonw_end(&w);
    }
    jsonw_end(&w);
    write_config(&w, m, sample);
    struct buf b = BUF_INIT(0);
    for (const struct json *p = json_first(m->params); p; p = json_next(p))
        if (is_top_level(json_key(p))) {
            buf_clear(&b);
            json_write(&b, p);
            jsonw_raw(&w, json_key(p), b.data);
        }
    buf_deinit(&b);
    jsonw_end(&w);
}

static void read_finish(const char *said, struct answer *a)
{
    static const char *const filtered[] = {
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"};
    adapter_word(a->finish, sizeof a->finish, said);
    for (char *c = a->finish; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    if (said && strcmp(said, "MAX_TOKENS") == 0)
        adapter_word(a->finish, sizeof a->finish, "length");
    for (size_t i = 0; said && i < sizeof filtered / sizeof *filtered; i++)
        if (strcmp(said, filtered[i]) == 0)
            adapter_word(a->finish, sizeof a->finish, "content_filter");
}

static void read_usage(const struct json *u, struct usage *g)
{
    int64_t prompt = adapter_count(json_get(u, "promptTokenCount"));
    int64_t tool = adapter_count(json_get(u, "toolUsePromptTokenCount"));
    int64_t said = adapter_count(json_get(u, "candidatesTokenCount"));
    int64_t thought = adapter_count(json_get(u, "thoughtsTokenCount"));
    int64_t total = adapter_count(json_get(u, "totalTokenCount"));
    int64_t tools = tool > 0 ? tool : 0, thoughts = thought > 0 ? thought : 0;
    g->input = prompt < 0 ? -1 : prompt + tools;
    g->cached = adapter_count(json_get(u, "cachedContentTokenCount"));
    g->reasoning = thought;
    /* candidatesTokenCount is left out when it is 0; the total tells that from "not known". */
    if (said >= 0)
        g->output = said + thoughts;
    else if (total >= 0 && prompt >= 0 && total >= prompt + tools)
        g->output = total - prompt - tools;
}

static void read_logprobs(const struct json *candidate, struct answer *a)
{
    const struct json *r = json_get(candidate, "logprobsResult");
    const struct json *step = json_first(json_get(r, "topCandidates"));
    struct logprob sum;
    logprob_init(&sum);
    for (const struct json *c = json_first(json_get(r, "chosenCandidates")); c; c = json_next(c)) {
        logprob_token(&sum, json_num(json_get(c, "logProbability"), (double)NAN));
        for (const struct json *p = json_first(json_get(step, "candidates")); p; p = json_next(p))
            logprob_alternative(&sum, json_num(json_get(p, "logProbability"), (double)NAN));
        logprob_end_token(&sum);
        step = json_next(step);
    }
    logprob_read(&sum, &a->mean_logprob, &a->min_logprob, &a->entropy);
    if (isnan(a->mean_logprob))
        a->mean_logprob = json_num(json_get(candidate, "avgLogprobs"), (double)NAN);
}

static bool gemini_read(const struct json *body, struct answer *a, const char **why)
{
    const struct json *candidate = json_first(json_get(body, "candidates"));
    const char *blocked = json_str(json_path(body, "promptFeedback.blockReason"));
    if (json_type(body) == JSON_ARRAY || json_type(json_get(body, "error")) > JSON_NULL)
        return false; /* an error, streamed ones in an array */
    if (!candidate && !blocked) {
        *why = json_type(body) != JSON_OBJECT ? "the reply is not a JSON object"
                                              : "the reply has no candidates";
        return false;
    }
    bool tool = false;
    for (const struct json *p = json_first(json_path(candidate, "content.parts")); p;
         p = json_next(p)) {
        const char *text = json_str(json_get(p, "text"));
        if (text && !json_bool(json_get(p, "thought"), false))
            buf_adds(&a->text, text);
        tool = tool || json_get(p, "functionCall") != NULL;
    }
    read_finish(candidate ? json_str(json_get(candidate, "finishReason")) : "SAFETY", a);
    if (tool)
        adapter_word(a->finish, sizeof a->finish, "tool_calls");
    read_usage(json_get(body, "usageMetadata"), &a->usage);
    read_logprobs(candidate, a);
    adapter_word(a->served_model, sizeof a->served_model, json_str(json_get(body, "modelVersion")));
    adapter_word(a->service_tier, sizeof a->service_tier,
                 json_str(json_path(body, "usageMetadata.trafficType")));
    return true;
}

const struct adapter adapter_gemini = {
    .name = "gemini",
    .alternate = true,
    .write = gemini_write,
    .read = gemini_read,
};
