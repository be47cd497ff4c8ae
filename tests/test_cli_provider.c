/* The loopback provider as a client sees it: the shapes of the protocols, and that the same
 * question has the same answer. */
#include "core/jsonw.h"
#include "tests/provider/check.h"

#include <math.h>

static char *chat(const struct server *s, const char *model, int prompt, const char *more)
{
    AUTO_FREE char *body =
        mem_printf("{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":"
                   "\"What is the sum of invoice number %d, please?\"}]%s}",
                   model, prompt, more);
    return ask_text(s, CHAT, "", body, "choices[0].message.content");
}

static char *claude(const struct server *s, int prompt, const char *more, const char *extra)
{
    AUTO_FREE char *headers = mem_printf("%s%s", CLAUDE, extra);
    AUTO_FREE char *body = mem_printf(
        "{\"model\":\"sim-swift\",\"max_tokens\":200,\"messages\":[{\"role\":\"user\",\"content\":"
        "\"What is the sum of invoice number %d, please?\"}]%s}",
        prompt, more);
    return ask_text(s, MESSAGES, headers, body, "content[0].text");
}

/* Joins the strings at `at` of every event's data; *events counts them. */
static char *join_events(const struct answered *a, const char *at, size_t *events)
{
    struct buf b = BUF_INIT(0);
    *events = 0;
    for (const char *line = strstr(a->body, "data: "); line; line = strstr(line, "data: ")) {
        line += 6;
        size_t len = strcspn(line, "\r\n");
        if (!strncmp(line, "[DONE]", 6))
            continue;
        struct json *j = parse(line, len);
        const char *text = json_str(json_path(j, at));
        buf_adds(&b, text ? text : "");
        (*events)++;
        json_free(j);
    }
    return buf_detach(&b, NULL);
}

TestSuite(provider, .init = write_data, .fini = remove_data);

Test(provider, chat_is_deterministic_and_its_stream_says_the_same)
{
    struct server s = start(NULL), other = start((const char *[]){"--seed", "2", NULL});
    int differ_by_sample = 0, differ_by_seed = 0, differ_at_zero = 0;
    for (int i = 1; i <= 40; i++) {
        AUTO_FREE char *one = chat(&s, "sim-nano", i, ",\"seed\":1"),
                       *again = chat(&s, "sim-nano", i, ",\"seed\":1");
        AUTO_FREE char *two = chat(&s, "sim-nano", i, ",\"seed\":2"),
                       *seeded = chat(&other, "sim-nano", i, ",\"seed\":1");
        AUTO_FREE char *zero = chat(&s, "sim-nano", i, ",\"seed\":1,\"temperature\":0");
        AUTO_FREE char *zero2 = chat(&s, "sim-nano", i, ",\"seed\":2,\"temperature\":0");
        SAME(one, again);
        differ_by_sample += strcmp(one, two) != 0;
        differ_by_seed += strcmp(one, seeded) != 0;
        differ_at_zero += strcmp(zero, zero2) != 0;
        AUTO_FREE char *body = mem_printf("{\"model\":\"sim-nano\",\"seed\":1,\"stream\":true,"
                                          "\"messages\":[{\"role\":\"user\",\"content\":"
                                          "\"What is the sum of invoice number %d, please?\"}]}",
                                          i);
        struct answered a = server_ask(&s, "POST", CHAT, "", body);
        size_t events = 0;
        AUTO_FREE char *streamed = join_events(&a, "choices[0].delta.content", &events);
        cr_assert(a.whole && strstr(a.body, "data: [DONE]\n\n"));
        SAME(streamed, one);
        answered_free(&a);
    }
    cr_expect(differ_by_sample > 5, "%d", differ_by_sample);
    cr_expect(differ_by_seed > 5, "%d", differ_by_seed);
    cr_expect(eq(int, differ_at_zero, 0));
    cr_expect(eq(int, server_stop(&s), 0));
    cr_expect(eq(int, server_stop(&other), 0));
}

Test(provider, chat_carries_usage_logprobs_and_a_length_stop)
{
    struct server s = start(NULL);
    const char *body = "{\"model\":\"sim-mini\",\"logprobs\":true,\"top_logprobs\":3,\"messages\":["
                       "{\"role\":\"user\",\"content\":"
                       "\"Extract: Ada Q-17 on 2026-02-03, 1,234.50 USD, \\u00e9t\\u00e9\"}]}";
    struct answered a = server_ask(&s, "POST", CHAT, "", body);
    struct json *j = parse(a.body, a.body_len);
    const struct json *content = json_path(j, "choices[0].logprobs.content");
    struct buf joined = BUF_INIT(0);
    for (const struct json *t = json_first(content); t; t = json_next(t)) {
        buf_adds(&joined, json_str(json_get(t, "token")));
        double p = json_num(json_get(t, "logprob"), 1);
        cr_assert(p <= 0 && json_count(json_get(t, "top_logprobs")) == 3);
        cr_assert(json_count(json_get(t, "bytes")) == strlen(json_str(json_get(t, "token"))));
        cr_assert(epsilon_eq(dbl, json_num(json_path(t, "top_logprobs[0].logprob"), 1), p, 0));
        double mass = 0;
        for (const struct json *o = json_first(json_get(t, "top_logprobs")); o; o = json_next(o))
            mass += exp(json_num(json_get(o, "logprob"), 1));
        cr_expect(mass < 1.6, "%g", mass);
    }
    SAME(joined.data, json_str(json_path(j, "choices[0].message.content")));
    double out = json_num(json_path(j, "usage.completion_tokens"), -1),
           in = json_num(json_path(j, "usage.prompt_tokens"), -1);
    cr_assert(epsilon_eq(dbl, out, (double)json_count(content), 0));
    cr_assert(in > 10 && json_num(json_path(j, "usage.total_tokens"), 0) == in + out);
    cr_assert(json_num(json_path(j, "usage.prompt_tokens_details.cached_tokens"), -1) == 0);
    json_free(j);
    answered_free(&a);
    buf_deinit(&joined);

    a = server_ask(&s, "POST", CHAT, "",
                   "{\"model\":\"sim-mini\",\"max_completion_tokens\":2,\"stream\":true,\"stream_"
                   "options\":{\"include_usage\":true},"
                   "\"messages\":[{\"role\":\"user\",\"content\":\"something that is not in the "
                   "data set\"}]}");
    size_t events = 0;
    AUTO_FREE char *finish = join_events(&a, "choices[0].finish_reason", &events);
    SAME(finish, "length");
    cr_expect(strstr(a.body, "\"choices\":[],\"usage\":{") &&
              strstr(a.body, "\"completion_tokens\":2,"));
    answered_free(&a);
    cr_expect(eq(int, server_stop(&s), 0));
}

Test(provider, messages_count_only_whole_answers_as_samples)
{
    struct server s = start(NULL), t = start(NULL);
    int differ = 0;
    for (int i = 1; i <= 12; i++) {
        AUTO_FREE char *zero = claude(&s, i, ",\"temperature\":0", "");
        AUTO_FREE char *first = claude(&s, i, "", ""), *second = claude(&s, i, "", ""),
                       *third = claude(&s, i, "", "");
        differ += strcmp(first, second) != 0 || strcmp(second, third) != 0;
        AUTO_FREE char *zero2 = claude(&s, i, ",\"temperature\":0", "");
        SAME(zero, zero2);
        /* On a server where some answers are lost on the way, the next whole one is the same. */
        AUTO_FREE char *t0 = claude(&t, i, ",\"temperature\":0", ""), *t1 = claude(&t, i, "", "");
        AUTO_FREE char *body = mem_printf("{\"model\":\"sim-swift\",\"max_tokens\":200,"
                                          "\"messages\":[{\"role\":\"user\",\"content\":"
                                          "\"What is the sum of invoice number %d, please?\"}]}",
                                          i);
        const char *const faults[] = {"429", "500", "529", "cut", "malformed"};
        for (size_t f = 0; f < 5; f++) {
            AUTO_FREE char *extra = mem_printf("%sx-sim-fault: %s\r\n", CLAUDE, faults[f]);
            struct answered a = server_ask(&t, "POST", MESSAGES, extra, body);
            answered_free(&a);
        }
        AUTO_FREE char *t2 = claude(&t, i, "", "");
        SAME(t0, zero);
        SAME(t1, first);
        SAME(t2, second);
    }
    cr_expect(differ >= 3, "%d", differ);
    AUTO_FREE char *whole = claude(&s, 30, ",\"temperature\":0", "");
    AUTO_FREE char *body = mem_strdup(
        "{\"model\":\"sim-swift\",\"max_tokens\":200,\"temperature\":0,\"stream\":true,"
        "\"messages\":"
        "[{\"role\":\"user\",\"content\":\"What is the sum of invoice number 30, please?\"}]}");
    struct answered a = server_ask(&s, "POST", MESSAGES, CLAUDE, body);
    size_t events = 0;
    AUTO_FREE char *streamed = join_events(&a, "delta.text", &events);
    SAME(streamed, whole);
    const char *const order[] = {"message_start",       "content_block_start", "ping",
                                 "content_block_delta", "content_block_stop",  "message_delta",
                                 "message_stop"};
    const char *at = a.body;
    for (size_t i = 0; i < 7 && at; i++) {
        AUTO_FREE char *event = mem_printf("event: %s\ndata: {\"type\":\"%s\"", order[i], order[i]);
        at = strstr(at, event);
        cr_expect(at != NULL, "%s", order[i]);
    }
    answered_free(&a);
    cr_expect(eq(int, server_stop(&s), 0));
    cr_expect(eq(int, server_stop(&t), 0));
}

Test(provider, gemini_whole_events_and_array_agree)
{
    struct server s = start(NULL);
    const char *body =
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Extract: Ada Q-17 on 2026-02-03, "
        "1,234.50 USD, \\u00e9t\\u00e9\"}]}],"
        "\"generationConfig\":{\"seed\":4,\"responseLogprobs\":true,\"logprobs\":2}}";
    struct answered a =
        server_ask(&s, "POST", "/v1beta/models/sim-flash:generateContent", GOOGLE, body);
    struct json *j = parse(a.body, a.body_len);
    AUTO_FREE char *text =
        mem_strdup(json_str(json_path(j, "candidates[0].content.parts[0].text")));
    size_t n = json_count(json_path(j, "candidates[0].logprobsResult.chosenCandidates"));
    double sum = 0;
    for (const struct json *t =
             json_first(json_path(j, "candidates[0].logprobsResult.chosenCandidates"));
         t; t = json_next(t))
        sum += json_num(json_get(t, "logProbability"), 0);
    cr_expect(n > 3 &&
              json_num(json_path(j, "usageMetadata.candidatesTokenCount"), 0) == (double)n);
    cr_expect(epsilon_eq(dbl, json_num(json_path(j, "candidates[0].avgLogprobs"), 0),
                         sum / (double)n, 1e-5));
    SAME(json_str(json_path(j, "candidates[0].finishReason")), "STOP");
    json_free(j);
    answered_free(&a);

    a = server_ask(&s, "POST", "/v1beta/models/sim-flash:streamGenerateContent?alt=sse", GOOGLE,
                   body);
    size_t events = 0;
    AUTO_FREE char *streamed = join_events(&a, "candidates[0].content.parts[0].text", &events);
    SAME(streamed, text);
    cr_expect(events > 1);
    answered_free(&a);
    a = server_ask(&s, "POST", "/v1beta/models/sim-flash:streamGenerateContent?key=k", "", body);
    j = parse(a.body, a.body_len);
    struct buf joined = BUF_INIT(0);
    for (const struct json *part = json_first(j); part; part = json_next(part))
        buf_adds(&joined, json_str(json_path(part, "candidates[0].content.parts[0].text")));
    SAME(joined.data, text);
    buf_deinit(&joined);
    json_free(j);
    answered_free(&a);
    cr_expect(eq(int, server_stop(&s), 0));
}

/* Asks every step-th graded prompt of the support data, with something put around its text. */
static long ask_support(const struct server *s, const char *path, const char *model, size_t step)
{
    struct fs_lines *lines = NULL;
    char *line;
    size_t len, n = 0;
    long asked = 0;
    cr_assert(fs_lines_open(path, 8 << 20, &lines, NULL) == 0);
    while (fs_lines_next(lines, &line, &len, NULL) == 1) {
        struct json *row = parse(line, len);
        const struct json *messages = json_get(row, "messages"), *last = messages;
        for (const struct json *m = json_first(messages); m; m = json_next(m))
            last = m;
        if (json_get(row, "grader") && n++ % step == 0) {
            struct buf b = BUF_INIT(0), text = BUF_INIT(0);
            buf_addf(&text, "Request:\n%s\nThink first.", json_str(json_get(last, "content")));
            buf_addf(&b, "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":", model);
            json_quote(&b, text.data, text.len);
            buf_adds(&b, "}]}");
            struct answered a = server_ask(s, "POST", CHAT, "", b.data);
            cr_assert(a.status == 200, "%s", a.body);
            answered_free(&a);
            buf_deinit(&b);
            buf_deinit(&text);
            asked++;
        }
        json_free(row);
    }
    fs_lines_close(lines);
    return asked;
}

static long verdict(const struct json *stats, const char *model, const char *name)
{
    AUTO_FREE char *path = mem_printf("models.%s.%s", model, name);
    return (long)json_num(json_path(stats, path), -1);
}

Test(provider, knows_the_support_data_and_dear_models_are_better)
{
    const char *build = getenv("SHUNT_BUILD");
    AUTO_FREE char *path = mem_printf("%s/support/prompts.jsonl", build ? build : "build");
    if (!fs_exists(path))
        cr_skip_test("no support data in the build folder");
    struct server s = server_start((const char *[]){"--data", path, "--latency-scale", "0", NULL});
    cr_assert(s.port > 0, "%s", s.text);
    long asked = ask_support(&s, path, "sim-nano", 10);
    cr_assert(asked > 300 && ask_support(&s, path, "sim-pro", 10) == asked);
    struct answered a = server_ask(&s, "GET", "/stats", "", NULL);
    struct json *stats = parse(a.body, a.body_len);
    long nano = verdict(stats, "sim-nano", "right"), pro = verdict(stats, "sim-pro", "right");
    cr_expect(verdict(stats, "sim-nano", "unknown") == 0 &&
              verdict(stats, "sim-pro", "unknown") == 0);
    cr_expect(nano > asked * 7 / 10 && nano < asked * 9 / 10, "%ld of %ld", nano, asked);
    cr_expect(pro > nano + asked / 20 && pro < asked, "%ld of %ld", pro, asked);
    json_free(stats);
    answered_free(&a);
    cr_expect(server_stop(&s) == 0);
}
