/* Every adapter against replies in the shapes of its provider, and the bytes that it sends. */
#include "collect/adapter.h"
#include "core/fs.h"
#include "core/mem.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LN2 0.6931471805599453

struct good {
    const char *file, *protocol, *text, *finish, *served;
    int64_t input, cached, write, write_1h, output, reasoning;
    int64_t reported; /* MONEY_UNKNOWN: none */
    double mean, min, entropy;
};

#define NONE MONEY_UNKNOWN
static const struct good goods[] = {
    /* the second token's one alternative has all the probability: entropy ln 2 and 0 */
    {"openai_ok", "openai", "Paris \xf0\x9f\x98\x80", "stop", "mini-2026-01", 31, 0, -1, -1, 12, 10,
     NONE, -1.0, -1.5, LN2 / 2},
    {"openai_refusal", "openai", "I cannot help with that.", "refusal", "mini", 9, -1, -1, -1, 6,
     -1, NONE, NAN, NAN, NAN},
    {"openai_length", "openai", "It begins with", "length", "mini", 9, -1, -1, -1, 3, -1, NONE, NAN,
     NAN, NAN},
    {"openai_tool", "openai", "", "tool_calls", "mini", 50, -1, -1, -1, 14, -1, NONE, NAN, NAN,
     NAN},
    {"openai_no_usage", "openai", "42", "stop", "", -1, -1, -1, -1, -1, -1, NONE, NAN, NAN, NAN},
    {"openai_zero_usage", "openai", "", "stop", "free", 0, -1, -1, -1, 0, -1, 0, NAN, NAN, NAN},
    {"openrouter_ok", "openai", "yes", "stop", "vendor/model", 100, 64, 16, -1, 1, 0, 150250, NAN,
     NAN, NAN},
    {"mistral_ok", "openai", "two parts", "length", "mistral-x", 5, 4, -1, -1, 7, -1, NONE, NAN,
     NAN, NAN},
    {"deepseek_ok", "openai", "ok", "stop", "deep", 20, 8, -1, -1, 30, 25, NONE, NAN, NAN, NAN},
    {"xai_ok", "openai", "ok", "stop", "g", 20, -1, -1, -1, 105, 100, NONE, NAN, NAN, NAN},
    {"lone_surrogate", "openai", "cut \xef\xbf\xbd\xef\xbf\xbd here \\ud83d", "length", "mini", 9,
     -1, -1, -1, 3, -1, NONE, NAN, NAN, NAN},
    {"anthropic_ok", "anthropic", "The total is 12.50", "stop", "swift-2026", 2310, 2000, 100, 200,
     40, 30, NONE, NAN, NAN, NAN},
    {"anthropic_length", "anthropic", "It begins", "length", "swift", 10, -1, -1, -1, 2, -1, NONE,
     NAN, NAN, NAN},
    {"anthropic_refusal", "anthropic", "", "refusal", "swift", 10, 0, 0, -1, 1, -1, NONE, NAN, NAN,
     NAN},
    {"anthropic_tool", "anthropic", "I will look.", "tool_calls", "swift", 10, -1, -1, -1, 20, -1,
     NONE, NAN, NAN, NAN},
    /* alternatives 1/2, 1/4 and the rest 1/4: 1.5 ln 2; the second token came without any */
    {"gemini_ok", "gemini", "SELECT 1", "stop", "flash-2026", 105, 60, -1, -1, 58, 50, NONE, -0.5,
     -0.75, 1.5 * LN2},
    {"gemini_blocked", "gemini", "", "content_filter", "flash-2026", 12, -1, -1, -1, 0, -1, NONE,
     NAN, NAN, NAN},
    {"gemini_length", "gemini", "", "length", "flash-2026", 12, -1, -1, -1, 64, 64, NONE, -0.3, NAN,
     NAN},
    {"gemini_safety", "gemini", "", "content_filter", "flash-2026", 12, -1, -1, -1, -1, -1, NONE,
     NAN, NAN, NAN},
    {"gemini_tool", "gemini", "", "tool_calls", "", 12, -1, -1, -1, 9, -1, NONE, NAN, NAN, NAN},
    {"responses_ok", "openai-responses", "Paris, France", "stop", "mini-2026-01", 31, 0, -1, -1, 12,
     10, NONE, -1.0, -1.5, LN2 / 2},
    {"responses_refusal", "openai-responses", "I cannot help with that.", "refusal", "mini", 9, -1,
     -1, -1, 6, -1, NONE, NAN, NAN, NAN},
    {"responses_length", "openai-responses", "It begins with", "length", "mini", 9, 4, 2, -1, 3, -1,
     NONE, NAN, NAN, NAN},
    {"responses_tool", "openai-responses", "", "tool_calls", "mini", 50, -1, -1, -1, 14, 0, NONE,
     NAN, NAN, NAN},
    {"responses_filter", "openai-responses", "", "content_filter", "mini", -1, -1, -1, -1, -1, -1,
     NONE, NAN, NAN, NAN},
    {"vllm_reasoning", "openai", "seven", "stop", "local", 14, -1, -1, -1, 8, -1, NONE, NAN, NAN,
     NAN},
    {"sglang_ok", "openai", "seven", "stop", "local", 14, 12, -1, -1, 10, 6, NONE, NAN, NAN, NAN},
    {"llamacpp_ok", "openai", "seven", "stop", "local.gguf", 40, 32, -1, -1, 5, -1, NONE, NAN, NAN,
     NAN},
    {"groq_ok", "openai", "seven", "stop", "fast", 18, -1, -1, -1, 9, -1, NONE, NAN, NAN, NAN},
    {"together_ok", "openai", "seven", "stop", "vendor/open", 18, 16, -1, -1, 2, -1, NONE, NAN, NAN,
     NAN},
    {"ollama_ok", "openai", "seven", "stop", "small:1b", 18, -1, -1, -1, 2, -1, NONE, NAN, NAN,
     NAN},
    {"litellm_ok", "openai", "seven", "stop", "swift-2026", 130, 100, 20, -1, 2, -1, NONE, NAN, NAN,
     NAN},
    /* its prompt_tokens leave the cached ones out, as the total shows */
    {"portkey_ok", "openai", "seven", "length", "swift-2026", 130, 100, 20, -1, 2, -1, NONE, NAN,
     NAN, NAN},
    {"mistral_tool", "openai", "", "tool_calls", "mistral-x", 5, -1, -1, -1, 7, -1, NONE, NAN, NAN,
     NAN},
};

struct bad {
    const char *file, *protocol;
    int status;
    enum trouble class;
    bool retry;
    double wait_s; /* NaN: not told */
    const char *says;
};
static const struct bad bads[] = {
    {"openai_error_429", "openai", 429, TROUBLE_RATE_LIMIT, true, NAN, "requests per min"},
    {"openai_error_quota", "openai", 429, TROUBLE_QUOTA, false, NAN, "current quota"},
    {"openai_error_401", "openai", 401, TROUBLE_AUTH, false, NAN, "provided: ***. You"},
    {"openai_error_400", "openai", 400, TROUBLE_BAD_REQUEST, false, NAN, "8192"},
    {"openrouter_error_200", "openai", 200, TROUBLE_RATE_LIMIT, true, NAN, "Provider returned"},
    {"mistral_error_422", "openai", 422, TROUBLE_BAD_REQUEST, false, NAN, "Extra inputs"},
    {"vllm_error_400", "openai", 400, TROUBLE_BAD_REQUEST, false, NAN, "too large"},
    {"ollama_error_404", "openai", 404, TROUBLE_NOT_FOUND, false, NAN, "try pulling"},
    {"llamacpp_error_503", "openai", 503, TROUBLE_OVERLOADED, true, NAN, "Loading"},
    {"anthropic_error_529", "anthropic", 529, TROUBLE_OVERLOADED, true, NAN, "Overloaded"},
    {"anthropic_error_529", "anthropic", 200, TROUBLE_OVERLOADED, true, NAN, "Overloaded"},
    {"anthropic_error_402", "anthropic", 400, TROUBLE_QUOTA, false, NAN, "credit"},
    {"gemini_error_429", "gemini", 429, TROUBLE_RATE_LIMIT, true, 37, "exhausted"},
    {"gemini_error_429", "gemini", 200, TROUBLE_RATE_LIMIT, true, 37, "exhausted"},
    {"gemini_error_daily", "gemini", 429, TROUBLE_QUOTA, false, NAN, "quota"},
    {"gemini_error_key", "gemini", 400, TROUBLE_AUTH, false, NAN, "not valid"},
    {"responses_failed", "openai-responses", 200, TROUBLE_SERVER, true, NAN, "failed to generate"},
    {"responses_rate_limit", "openai-responses", 200, TROUBLE_RATE_LIMIT, true, NAN, "Rate limit"},
    {"responses_queued", "openai-responses", 200, TROUBLE_MALFORMED, true, NAN, "not completed"},
    {"openai_error_quota", "openai-responses", 429, TROUBLE_QUOTA, false, NAN, "current quota"},
    {"vllm_error_200", "openai", 200, TROUBLE_OVERLOADED, true, NAN, "overloaded"},
    {"ollama_error_200", "openai", 200, TROUBLE_SERVER, true, NAN, "terminated"},
    {"mistral_error_429", "openai", 429, TROUBLE_RATE_LIMIT, true, NAN, "capacity exceeded"},
    {"litellm_error_401", "openai", 401, TROUBLE_AUTH, false, NAN, "Received API Key = ***"},
    /* a good reply of another protocol is not understood */
    {"openai_ok", "anthropic", 200, TROUBLE_MALFORMED, true, NAN, "content"},
    {"anthropic_ok", "openai", 200, TROUBLE_MALFORMED, true, NAN, "choices"},
    {"anthropic_ok", "gemini", 200, TROUBLE_MALFORMED, true, NAN, "candidates"},
};

static char *fixture(const char *name, size_t *len)
{
    char path[128];
    char *text = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "tests/fixtures/collect/%s.json", name);
    cr_assert((fs_read_all(path, 1 << 20, &text, len, &e)) == 0, "%s", e.text);
    return text;
}

static struct http_result result_of(const char *body, size_t len, int status)
{
    return (struct http_result){.end = HTTP_DONE,
                                .status = status,
                                .sent = true,
                                .body = body,
                                .len = len,
                                .retry_after_s = NAN,
                                .should_retry = -1,
                                .why = ""};
}

static void read_reply(const char *protocol, const struct http_result *r, struct answer *a,
                       struct trouble_info *info)
{
    const struct adapter *ad = NULL;
    cr_assert((adapter_find(protocol, &ad, NULL)) == 0);
    answer_init(a);
    adapter_read(ad, r, "the-test-secret", a, info);
}

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) < 1e-9;
}

Test(collect_adapter, reads_every_kind_of_reply)
{
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        const struct good *g = &goods[i];
        size_t len;
        AUTO_FREE char *body = fixture(g->file, &len);
        struct http_result r = result_of(body, len, 200);
        struct trouble_info info;
        struct answer a;
        read_reply(g->protocol, &r, &a, &info);
        cr_expect(info.class == TROUBLE_NONE, "%s: %s", g->file, info.message);
        cr_expect_str_eq(a.text.data, g->text, "%s: text '%s'", g->file, a.text.data);
        cr_expect_str_eq(a.finish, g->finish, "%s: finish '%s'", g->file, a.finish);
        cr_expect_str_eq(a.served_model, g->served, "%s: served '%s'", g->file, a.served_model);
        cr_expect(a.usage.input == g->input && a.usage.cached == g->cached &&
                      a.usage.cache_write == g->write && a.usage.cache_write_1h == g->write_1h &&
                      a.usage.output == g->output && a.usage.reasoning == g->reasoning,
                  "%s: usage %ld %ld %ld %ld %ld %ld", g->file, (long)a.usage.input,
                  (long)a.usage.cached, (long)a.usage.cache_write, (long)a.usage.cache_write_1h,
                  (long)a.usage.output, (long)a.usage.reasoning);
        cr_expect(a.reported_nusd == g->reported, "%s: reported %ld", g->file,
                  (long)a.reported_nusd);
        cr_expect(same(a.mean_logprob, g->mean) && same(a.min_logprob, g->min) &&
                      same(a.entropy, g->entropy),
                  "%s: logprobs %g %g %g", g->file, a.mean_logprob, a.min_logprob, a.entropy);
        answer_deinit(&a);
    }
}

Test(collect_adapter, says_which_system_answered_at_which_tariff)
{
    static const struct {
        const char *file, *protocol, *fingerprint, *tier;
    } cases[] = {
        {"openai_ok", "openai", "fp_1", "default"},
        {"groq_ok", "openai", "fp_g", "on_demand"},
        {"litellm_ok", "openai", "", ""},
        {"responses_ok", "openai-responses", "", "default"},
        {"anthropic_ok", "anthropic", "", "standard"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len;
        AUTO_FREE char *body = fixture(cases[i].file, &len);
        struct http_result r = result_of(body, len, 200);
        struct trouble_info info;
        struct answer a;
        read_reply(cases[i].protocol, &r, &a, &info);
        cr_expect_str_eq(a.fingerprint, cases[i].fingerprint, "%s", cases[i].file);
        cr_expect_str_eq(a.service_tier, cases[i].tier, "%s", cases[i].file);
        answer_deinit(&a);
    }
}

Test(collect_adapter, classes_every_kind_of_error)
{
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        const struct bad *b = &bads[i];
        size_t len;
        AUTO_FREE char *body = fixture(b->file, &len);
        struct http_result r = result_of(body, len, b->status);
        struct trouble_info info;
        struct answer a;
        read_reply(b->protocol, &r, &a, &info);
        cr_expect(info.class == b->class, "%s as %s %d: %s (%s)", b->file, b->protocol, b->status,
                  trouble_names[info.class], info.message);
        cr_expect(info.retry == b->retry, "%s: retry %d", b->file, info.retry);
        cr_expect(same(info.retry_after_s, b->wait_s), "%s: wait %g", b->file, info.retry_after_s);
        cr_expect(strstr(info.message, b->says) != NULL, "%s: message '%s'", b->file, info.message);
        cr_expect(!strstr(info.message, "sk-abc") && !strstr(info.message, "the-test-secret"),
                  "%s: a key shows in '%s'", b->file, info.message);
        answer_deinit(&a);
    }
}

/* No reply, however broken, is taken for an answer with a text, read beyond its end, or leaks. */
Test(collect_adapter, survives_damaged_replies)
{
    static const char *const junk[] = {"",
                                       " ",
                                       "null",
                                       "[]",
                                       "{}",
                                       "[[]]",
                                       "\"x\"",
                                       "0",
                                       "{\"choices\":7}",
                                       "{\"choices\":[{\"message\":\"x\"}]}",
                                       "{\"choices\":[null]}",
                                       "{\"content\":\"x\"}",
                                       "{\"candidates\":[]}",
                                       "<html>502</html>",
                                       "{\"error\":null}",
                                       "{\"error\":[]}",
                                       "\xff\xfe",
                                       "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}"};
    static const char *const protocols[] = {"openai", "openai-responses", "anthropic", "gemini"};
    for (size_t p = 0; p < 4; p++)
        for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
            for (int status = 200; status <= 500; status += 300) {
                struct http_result r = result_of(junk[i], strlen(junk[i]), status);
                struct trouble_info info;
                struct answer a;
                read_reply(protocols[p], &r, &a, &info);
                cr_expect(info.class != TROUBLE_NONE, "%s takes '%s' for an answer", protocols[p],
                          junk[i]);
                cr_expect(info.message[0] != '\0', "%s, '%s': nothing said", protocols[p], junk[i]);
                answer_deinit(&a);
            }
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) { /* cut anywhere */
        size_t len;
        AUTO_FREE char *body = fixture(goods[i].file, &len);
        while (len && body[len - 1] == '\n')
            len--;
        for (size_t cut = 1; cut < len; cut += 7) {
            AUTO_FREE char *part = mem_strndup(body, cut);
            struct http_result r = result_of(part, cut, 200);
            struct trouble_info info;
            struct answer a;
            read_reply(goods[i].protocol, &r, &a, &info);
            cr_expect(info.class == TROUBLE_MALFORMED && info.retry, "%s cut at %zu", goods[i].file,
                      cut);
            answer_deinit(&a);
        }
    }
}

/* --- requests ----------------------------------------------------------------------------------
 */
static const char talk[] =
    "[{\"role\":\"system\",\"content\":\"S1\"},{\"role\":\"user\",\"content\":\"U1\"},"
    "{\"role\":\"assistant\",\"content\":\"A1\"},{\"role\":\"user\",\"content\":\"U2\"},"
    "{\"role\":\"user\",\"content\":\"say \\\"hi\\\"\"}]";

static const struct {
    const char *yaml, *messages;
    int64_t sample;
    bool official;
    const char *body;
} requests[] = {
    {"{name: m}", "[{\"role\":\"user\",\"content\":\"Q\"}]", 0, false,
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]}"},
    {"{name: m, model: wire, max_tokens: 9, temperature: 0, system: C, template: "
     "\"<{prompt}|{prompt}>\"}",
     talk, 2, false,
     "{\"model\":\"wire\",\"messages\":[{\"role\":\"system\",\"content\":\"C\\n\\nS1\"},"
     "{\"role\":\"user\",\"content\":\"U1\"},{\"role\":\"assistant\",\"content\":\"A1\"},"
     "{\"role\":\"user\",\"content\":\"U2\"},"
     "{\"role\":\"user\",\"content\":\"<say \\\"hi\\\"|say \\\"hi\\\">\"}],\"max_tokens\":9,"
     "\"temperature\":0,\"seed\":2}"},
    {"{name: m, max_tokens: 9, params: {logprobs: true, top_logprobs: 2, seed: 40, top_p: 0.5}}",
     "[{\"role\":\"user\",\"content\":\"Q\"}]", 1, true,
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}],"
     "\"max_completion_tokens\":9,\"seed\":41,\"logprobs\":true,\"top_logprobs\":2,\"top_p\":0.5}"},
    {"{name: m, provider: mistral}", "[{\"role\":\"system\",\"content\":\"only\"}]", 3, false,
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"only\"}],\"random_seed\":3}"},
    {"{name: m, provider: anthropic, system: C, params: {logprobs: true, top_k: 3}}", talk, 2, true,
     "{\"model\":\"m\",\"max_tokens\":4096,\"system\":\"C\\n\\nS1\",\"messages\":["
     "{\"role\":\"user\",\"content\":\"U1\"},{\"role\":\"assistant\",\"content\":\"A1\"},"
     "{\"role\":\"user\",\"content\":\"U2\\n\\nsay \\\"hi\\\"\"}],\"top_k\":3}"},
    {"{name: m, provider: anthropic, max_tokens: 5, temperature: 0.5}",
     "[{\"role\":\"assistant\",\"content\":\"A\"},{\"role\":\"user\",\"content\":\"Q\"}]", 0, false,
     "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":"
     "\"(start of the conversation)\"},{\"role\":\"assistant\",\"content\":\"A\"},"
     "{\"role\":\"user\",\"content\":\"Q\"}],\"temperature\":0.5}"},
    {"{name: m, provider: gemini, max_tokens: 5, temperature: 0, params: {logprobs: 3, topK: 4, "
     "safetySettings: [1]}}",
     talk, 1, false,
     "{\"systemInstruction\":{\"parts\":[{\"text\":\"S1\"}]},\"contents\":["
     "{\"role\":\"user\",\"parts\":[{\"text\":\"U1\"}]},{\"role\":\"model\",\"parts\":[{\"text\":"
     "\"A1\"}]},"
     "{\"role\":\"user\",\"parts\":[{\"text\":\"U2\\n\\nsay \\\"hi\\\"\"}]}],\"generationConfig\":{"
     "\"maxOutputTokens\":5,\"temperature\":0,\"seed\":1,\"responseLogprobs\":true,\"logprobs\":3,"
     "\"topK\":4},\"safetySettings\":[1]}"},
    {"{name: m, protocol: openai-responses, max_tokens: 9, temperature: 0, system: C, params: "
     "{logprobs: true, top_logprobs: 2, seed: 4, reasoning: {effort: low}}}",
     talk, 2, true,
     "{\"model\":\"m\",\"instructions\":\"C\\n\\nS1\",\"input\":["
     "{\"role\":\"user\",\"content\":\"U1\"},{\"role\":\"assistant\",\"content\":\"A1\"},"
     "{\"role\":\"user\",\"content\":\"U2\"},"
     "{\"role\":\"user\",\"content\":\"say \\\"hi\\\"\"}],\"max_output_tokens\":9,"
     "\"temperature\":0,\"top_logprobs\":2,\"include\":[\"message.output_text.logprobs\"],"
     "\"store\":false,\"reasoning\":{\"effort\":\"low\"}}"},
    /* a model without a system role that wants its roles in turn */
    {"{name: m, provider: vllm, system: C, system_role: false, alternate_roles: true, template: "
     "\"<{prompt}>\"}",
     talk, 0, false,
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"C\\n\\nS1\\n\\nU1\"},"
     "{\"role\":\"assistant\",\"content\":\"A1\"},"
     "{\"role\":\"user\",\"content\":\"U2\\n\\n<say \\\"hi\\\">\"}]}"},
    {"{name: m, system: C, system_role: false}", "[{\"role\":\"assistant\",\"content\":\"A\"}]", 0,
     false,
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"C\"},"
     "{\"role\":\"assistant\",\"content\":\"A\"}]}"},
    /* no seed where there is no such field; roles in turn where the provider wants it */
    {"{name: m, provider: deepseek, max_tokens: 3}", "[{\"role\":\"user\",\"content\":\"Q\"}]", 2,
     false,
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}],\"max_tokens\":3}"},
    {"{name: m, provider: groq, max_tokens: 3}", "[{\"role\":\"user\",\"content\":\"Q\"}]", 2,
     false,
     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}],"
     "\"max_completion_tokens\":3,\"seed\":2}"},
    {"{name: m, provider: perplexity}",
     "[{\"role\":\"user\",\"content\":\"Q\"},"
     "{\"role\":\"user\",\"content\":\"R\"}]",
     0, false, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Q\\n\\nR\"}]}"},
};

Test(collect_adapter, writes_exact_requests)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        AUTO_FREE char *yaml = mem_printf("models: [%s]\n", requests[i].yaml);
        struct config *c = NULL;
        struct err e = {0};
        const struct adapter *a = NULL;
        struct buf body = BUF_INIT(0);
        cr_assert((config_parse("t", yaml, strlen(yaml), &c, &e)) == 0, "%s", e.text);
        cr_assert((adapter_find(c->models[0].protocol, &a, &e)) == 0);
        cr_assert((adapter_body(a, &c->models[0], requests[i].messages, requests[i].sample,
                                requests[i].official, &body, &e)) == 0);
        cr_expect_str_eq(body.data, requests[i].body, "case %zu:\n got %s\nwant %s", i, body.data,
                         requests[i].body);
        buf_deinit(&body);
        config_free(c);
    }
}

Test(collect_adapter, refuses_what_is_no_conversation)
{
    static const char *const bad[] = {
        "{}",      "7", "[1]", "[{\"role\":\"user\"}]", "[{\"role\":\"user\",\"content\":7}]",
        "not json"};
    struct config_model m = {.name = "m", .model = "m", .temperature = NAN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf body = BUF_INIT(0);
        struct err e = {0};
        cr_expect(adapter_body(&adapter_openai, &m, bad[i], 0, false, &body, &e) == ERR_FORMAT,
                  "%s", bad[i]);
        cr_expect(body.len == 0);
        buf_deinit(&body);
    }
    const struct adapter *a;
    struct err e = {0};
    cr_expect(adapter_find("soap", &a, &e) == ERR_USAGE);
}
