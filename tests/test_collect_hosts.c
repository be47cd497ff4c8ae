/* Every host by every kind of reply that it can give: a success, a refusal, a length stop, a tool
 * call, an error and a stream, in the shapes that each documents. What they did not say stays -1,
 * apart from 0; the last test holds the table to be whole. */
#include "collect/adapter.h"
#include "core/fs.h"
#include "core/mem.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const hosts[] = {"openai",     "responses", "anthropic", "gemini", "mistral",
                                    "together",   "groq",      "deepseek",  "vllm",   "llamacpp",
                                    "openrouter", "ollama",    "litellm",   "portkey"};
enum kind { SUCCESS, REFUSAL, LENGTH, TOOL, ERROR, STREAM, KINDS };
static const char *const kinds[KINDS] = {"success", "refusal", "length", "tool", "error", "stream"};

static const struct row {
    enum kind kind;
    const char *file; /* HOST_... */
    int status;       /* of an error, or 200 */
    enum trouble class;
    const char *text, *finish; /* of an error: what it says */
    int64_t input, cached, write, output, reasoning;
} rows[] = {
#define GOOD 200, TROUBLE_NONE
#define NO_USAGE -1, -1, -1, -1, -1
    {SUCCESS, "openai_ok.json", GOOD, "Paris \xf0\x9f\x98\x80", "stop", 31, 0, -1, 12, 10},
    {REFUSAL, "openai_refusal.json", GOOD, "I cannot help with that.", "refusal", 9, -1, -1, 6, -1},
    {LENGTH, "openai_length.json", GOOD, "It begins with", "length", 9, -1, -1, 3, -1},
    {TOOL, "openai_tool.json", GOOD, "", "tool_calls", 50, -1, -1, 14, -1},
    {ERROR, "openai_error_400.json", 400, TROUBLE_BAD_REQUEST, "8192", "", NO_USAGE},
    {STREAM, "openai_stream.txt", GOOD, "Paris \xf0\x9f\x98\x80", "stop", 31, 0, -1, 12, 10},
    {STREAM, "openai_stream_refusal.txt", GOOD, "I cannot help with that.", "refusal", 9, -1, -1, 6,
     -1},

    {SUCCESS, "responses_ok.json", GOOD, "Paris, France", "stop", 31, 0, -1, 12, 10},
    {REFUSAL, "responses_refusal.json", GOOD, "I cannot help with that.", "refusal", 9, -1, -1, 6,
     -1},
    {LENGTH, "responses_length.json", GOOD, "It begins with", "length", 9, 4, 2, 3, -1},
    {TOOL, "responses_tool.json", GOOD, "", "tool_calls", 50, -1, -1, 14, 0},
    {ERROR, "responses_error_400.json", 400, TROUBLE_BAD_REQUEST, "'temperature'", "", NO_USAGE},
    {ERROR, "responses_stream_error.txt", 200, TROUBLE_SERVER, "failed to generate", "", NO_USAGE},
    {ERROR, "responses_stream_cut.txt", 200, TROUBLE_NETWORK, "cut off", "", NO_USAGE},
    {STREAM, "responses_stream.txt", GOOD, "seven", "stop", 31, 0, -1, 12, 10},
    {STREAM, "responses_stream_length.txt", GOOD, "It begins", "length", 9, 4, -1, 3, 0},
    {STREAM, "responses_stream_refusal.txt", GOOD, "I cannot help with that.", "refusal", 9, 0, -1,
     6, 0},
    {STREAM, "responses_stream_tool.txt", GOOD, "", "tool_calls", 50, 0, -1, 14, 0},

    {SUCCESS, "anthropic_ok.json", GOOD, "The total is 12.50", "stop", 2310, 2000, 100, 40, 30},
    {REFUSAL, "anthropic_refusal.json", GOOD, "", "refusal", 10, 0, 0, 1, -1},
    {LENGTH, "anthropic_length.json", GOOD, "It begins", "length", 10, -1, -1, 2, -1},
    {TOOL, "anthropic_tool.json", GOOD, "I will look.", "tool_calls", 10, -1, -1, 20, -1},
    {ERROR, "anthropic_error_529.json", 529, TROUBLE_OVERLOADED, "Overloaded", "", NO_USAGE},
    {STREAM, "anthropic_stream.txt", GOOD, "The total is 12.50", "stop", 2310, 2000, 100, 40, 30},
    {STREAM, "anthropic_stream_refusal.txt", GOOD, "", "refusal", 10, 0, 0, 1, -1},
    {STREAM, "anthropic_stream_tool.txt", GOOD, "I will look.", "tool_calls", 10, -1, -1, 20, -1},

    {SUCCESS, "gemini_ok.json", GOOD, "SELECT 1", "stop", 105, 60, -1, 58, 50},
    {REFUSAL, "gemini_blocked.json", GOOD, "", "content_filter", 12, -1, -1, 0, -1},
    {LENGTH, "gemini_length.json", GOOD, "", "length", 12, -1, -1, 64, 64},
    {TOOL, "gemini_tool.json", GOOD, "", "tool_calls", 12, -1, -1, 9, -1},
    {ERROR, "gemini_error_429.json", 429, TROUBLE_RATE_LIMIT, "exhausted", "", NO_USAGE},
    {STREAM, "gemini_stream.txt", GOOD, "SELECT 1", "stop", 105, 60, -1, 58, 50},
    {STREAM, "gemini_stream_blocked.txt", GOOD, "", "content_filter", 12, -1, -1, 0, -1},

    {SUCCESS, "mistral_stop.json", GOOD, "seven", "stop", 5, 0, -1, 1, -1},
    {REFUSAL, "mistral_refusal.json", GOOD, "I will not help with that.", "stop", 5, -1, -1, 7, -1},
    {LENGTH, "mistral_length.json", GOOD, "It begins", "length", 5, -1, -1, 2, -1},
    {TOOL, "mistral_tool.json", GOOD, "", "tool_calls", 5, -1, -1, 7, -1},
    {ERROR, "mistral_error_422.json", 422, TROUBLE_BAD_REQUEST, "Extra inputs", "", NO_USAGE},
    {STREAM, "mistral_stream.txt", GOOD, "seven", "stop", 5, -1, -1, 9, -1},

    {SUCCESS, "together_ok.json", GOOD, "seven", "stop", 18, 16, -1, 2, -1},
    {REFUSAL, "together_refusal.json", GOOD, "I will not help with that.", "stop", 18, 0, -1, 7,
     -1},
    {LENGTH, "together_length.json", GOOD, "It begins", "length", 18, -1, -1, 2, -1},
    {TOOL, "together_tool.json", GOOD, "", "tool_calls", 60, -1, -1, 12, -1},
    {ERROR, "together_error_429.json", 429, TROUBLE_RATE_LIMIT, "specific to this model", "",
     NO_USAGE},
    {STREAM, "together_stream.txt", GOOD, "seven", "stop", 18, 16, -1, 2, -1},

    {SUCCESS, "groq_ok.json", GOOD, "seven", "stop", 18, -1, -1, 9, -1},
    {REFUSAL, "groq_refusal.json", GOOD, "I will not help with that.", "stop", 18, 0, -1, 7, -1},
    {LENGTH, "groq_length.json", GOOD, "It begins", "length", 18, -1, -1, 2, -1},
    {TOOL, "groq_tool.json", GOOD, "", "tool_calls", 60, -1, -1, 12, 4},
    {ERROR, "groq_error_413.json", 413, TROUBLE_TOO_LARGE, "too large for model", "", NO_USAGE},
    {STREAM, "groq_stream.txt", GOOD, "seven", "stop", 18, -1, -1, 9, -1},

    {SUCCESS, "deepseek_ok.json", GOOD, "ok", "stop", 20, 8, -1, 30, 25},
    {REFUSAL, "deepseek_refusal.json", GOOD, "", "content_filter", 20, 0, -1, 0, -1},
    {LENGTH, "deepseek_length.json", GOOD, "It begins", "length", 20, 8, -1, 2, -1},
    {TOOL, "deepseek_tool.json", GOOD, "", "tool_calls", 60, 0, -1, 12, -1},
    {ERROR, "deepseek_error_402.json", 402, TROUBLE_QUOTA, "Insufficient Balance", "", NO_USAGE},
    {STREAM, "deepseek_stream.txt", GOOD, "seven", "stop", 20, 8, -1, 9, 8},

    {SUCCESS, "openrouter_ok.json", GOOD, "yes", "stop", 100, 64, 16, 1, 0},
    {REFUSAL, "openrouter_refusal.json", GOOD, "I cannot help with that.", "refusal", 100, 0, -1, 6,
     -1},
    {LENGTH, "openrouter_length.json", GOOD, "It begins", "length", 100, -1, -1, 2, -1},
    {TOOL, "openrouter_tool.json", GOOD, "", "tool_calls", 100, -1, -1, 12, 0},
    {ERROR, "openrouter_error_200.json", 200, TROUBLE_RATE_LIMIT, "Provider returned", "",
     NO_USAGE},
    {ERROR, "openrouter_stream_error.txt", 200, TROUBLE_SERVER, "disconnected", "", NO_USAGE},
    {STREAM, "openrouter_stream.txt", GOOD, "seven", "stop", 100, 64, -1, 1, -1},

    {SUCCESS, "vllm_ok.json", GOOD, "seven", "stop", 14, -1, -1, 2, -1},
    {REFUSAL, "vllm_refusal.json", GOOD, "I will not help with that.", "stop", 14, 0, -1, 7, -1},
    {LENGTH, "vllm_length.json", GOOD, "It begins", "length", 14, -1, -1, 2, -1},
    {TOOL, "vllm_tool.json", GOOD, "", "tool_calls", 60, 48, -1, 12, -1},
    {ERROR, "vllm_error_400.json", 400, TROUBLE_BAD_REQUEST, "too large", "", NO_USAGE},
    {STREAM, "vllm_stream.txt", GOOD, "seven", "stop", 14, -1, -1, 8, -1},

    {SUCCESS, "llamacpp_ok.json", GOOD, "seven", "stop", 40, 32, -1, 5, -1},
    {REFUSAL, "llamacpp_refusal.json", GOOD, "I will not help with that.", "stop", 40, 0, -1, 7,
     -1},
    {LENGTH, "llamacpp_length.json", GOOD, "It begins", "length", 40, 32, -1, 2, -1},
    {TOOL, "llamacpp_tool.json", GOOD, "", "tool_calls", 60, 48, -1, 12, -1},
    {ERROR, "llamacpp_error_503.json", 503, TROUBLE_OVERLOADED, "Loading", "", NO_USAGE},
    {STREAM, "llamacpp_stream.txt", GOOD, "seven", "stop", 40, 32, -1, 2, -1},

    {SUCCESS, "ollama_ok.json", GOOD, "seven", "stop", 18, -1, -1, 2, -1},
    {REFUSAL, "ollama_refusal.json", GOOD, "I will not help with that.", "stop", 18, -1, -1, 7, -1},
    {LENGTH, "ollama_length.json", GOOD, "It begins", "length", 18, -1, -1, 2, -1},
    {TOOL, "ollama_tool.json", GOOD, "", "tool_calls", 60, -1, -1, 12, -1},
    {ERROR, "ollama_error_404.json", 404, TROUBLE_NOT_FOUND, "try pulling", "", NO_USAGE},
    {STREAM, "ollama_stream.txt", GOOD, "seven", "stop", 18, -1, -1, 4, -1},

    {SUCCESS, "litellm_ok.json", GOOD, "seven", "stop", 130, 100, 20, 2, -1},
    {REFUSAL, "litellm_refusal.json", GOOD, "", "content_filter", 10, -1, -1, 1, -1},
    {LENGTH, "litellm_length.json", GOOD, "It begins", "length", 10, 0, 0, 2, -1},
    {TOOL, "litellm_tool.json", GOOD, "", "tool_calls", 60, -1, -1, 12, 0},
    {ERROR, "litellm_error_401.json", 401, TROUBLE_AUTH, "Received API Key = ***", "", NO_USAGE},
    {STREAM, "litellm_stream.txt", GOOD, "seven", "stop", 130, 100, 20, 2, -1},

    {SUCCESS, "portkey_stop.json", GOOD, "seven", "stop", 10, -1, -1, 2, -1},
    {REFUSAL, "portkey_refusal.json", GOOD, "", "refusal", 10, -1, -1, 1, -1},
    /* its prompt_tokens leave the cached ones out, as the total shows */
    {LENGTH, "portkey_ok.json", GOOD, "seven", "length", 130, 100, 20, 2, -1},
    {TOOL, "portkey_tool.json", GOOD, "", "tool_calls", 60, -1, -1, 12, -1},
    {ERROR, "portkey_error_401.json", 401, TROUBLE_AUTH, "invalid x-api-key", "", NO_USAGE},
    {STREAM, "portkey_stream.txt", GOOD, "seven", "stop", 130, 100, 20, 2, -1},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool is_of(const struct row *r, const char *host)
{
    size_t len = strlen(host);
    return strncmp(r->file, host, len) == 0 && r->file[len] == '_';
}

static const char *protocol_of(const struct row *r)
{
    return is_of(r, "responses")   ? "openai-responses"
           : is_of(r, "anthropic") ? "anthropic"
           : is_of(r, "gemini")    ? "gemini"
                                   : "openai";
}

static void read_row(const struct row *r, struct answer *a, struct trouble_info *info)
{
    char path[128];
    size_t len;
    AUTO_FREE char *body = NULL;
    const struct adapter *ad = NULL;
    struct err e = {0};
    snprintf(path, sizeof path, "tests/fixtures/collect/%s", r->file);
    cr_assert(fs_read_all(path, 1 << 20, &body, &len, &e) == 0, "%s", e.text);
    struct http_result res = {.end = HTTP_DONE,
                              .status = r->status,
                              .sent = true,
                              .body = body,
                              .len = len,
                              .retry_after_s = NAN,
                              .should_retry = -1,
                              .why = ""};
    cr_assert(adapter_find(protocol_of(r), &ad, NULL) == 0);
    answer_init(a);
    adapter_read(ad, &res, "sk-abcdefgh", a, info);
}

Test(collect_hosts, reads_each_as_its_host_means_it)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        struct trouble_info info;
        struct answer a;
        read_row(r, &a, &info);
        cr_expect(info.class == r->class, "%s: %s (%s)", r->file, trouble_names[info.class],
                  info.message);
        if (r->class != TROUBLE_NONE) {
            cr_expect(strstr(info.message, r->text) != NULL, "%s: '%s'", r->file, info.message);
        } else {
            const struct usage *u = &a.usage;
            cr_expect_str_eq(a.text.data, r->text, "%s: text '%s'", r->file, a.text.data);
            cr_expect_str_eq(a.finish, r->finish, "%s: finish '%s'", r->file, a.finish);
            cr_expect(u->input == r->input && u->cached == r->cached &&
                          u->cache_write == r->write && u->output == r->output &&
                          u->reasoning == r->reasoning,
                      "%s: usage %ld %ld %ld %ld %ld", r->file, (long)u->input, (long)u->cached,
                      (long)u->cache_write, (long)u->output, (long)u->reasoning);
        }
        answer_deinit(&a);
    }
}

/* 0 dollars is a price, and none is none. */
Test(collect_hosts, keeps_a_cost_of_nothing_apart_from_no_cost)
{
    static const struct {
        const char *file;
        int64_t nusd;
    } cases[] = {
        {"openrouter_length.json", 0},
        {"openrouter_refusal.json", 20000},
        {"openrouter_stream.txt", 15000},
        {"ollama_length.json", MONEY_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct row r = {.file = cases[i].file, .status = 200};
        struct trouble_info info;
        struct answer a;
        read_row(&r, &a, &info);
        cr_expect(a.reported_nusd == cases[i].nusd, "%s: %ld", r.file, (long)a.reported_nusd);
        answer_deinit(&a);
    }
}

Test(collect_hosts, every_host_has_every_kind)
{
    for (size_t h = 0; h < sizeof hosts / sizeof *hosts; h++)
        for (int k = 0; k < KINDS; k++) {
            int found = 0;
            for (size_t i = 0; i < ROWS; i++)
                found += is_of(&rows[i], hosts[h]) && (int)rows[i].kind == k;
            cr_expect(found > 0, "%s: no %s", hosts[h], kinds[k]);
        }
}
