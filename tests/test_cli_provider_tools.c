/* The loopback provider's tool calls in the three protocols. */
#include "tests/provider/check.h"

TestSuite(provider_tools, .init = write_data, .fini = remove_data);

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"order\":{\"type\":\"string\"},"                        \
    "\"kind\":{\"type\":\"string\",\"enum\":[\"refund\",\"swap\"]},\"count\":{\"type\":"           \
    "\"integer\"},\"urgent\":{\"type\":\"boolean\"},\"tags\":{\"type\":\"array\",\"items\":{"      \
    "\"type\":\"string\"}}}}"
#define OPENAI_TOOLS                                                                               \
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\",\"parameters\":" SCHEMA     \
    "}},{\"type\":\"function\",\"function\":{\"name\":\"book\",\"parameters\":" SCHEMA "}}]"
#define USER "{\"role\":\"user\",\"content\":\"What is the sum of invoice number 3, please?\"}"

static void check_arguments(const struct json *j)
{
    cr_expect_str_eq(json_str(json_get(j, "order")), "What is the sum of invoice number 3, ple");
    cr_expect_str_eq(json_str(json_get(j, "kind")), "refund");
    cr_expect(json_num(json_get(j, "count"), -1) >= 0);
    cr_expect(json_type(json_get(j, "urgent")) == JSON_BOOL);
    cr_expect(json_count(json_get(j, "tags")) == 1);
}

Test(provider_tools, chat_calls_the_first_or_the_named_one)
{
    struct server s = start(NULL);
    static const struct {
        const char *choice, *name;
    } cases[] = {
        {"", "look"},
        {",\"tool_choice\":\"required\"", "look"},
        {",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"book\"}}", "book"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_FREE char *body = mem_printf(
            "{\"model\":\"sim-mini\",\"messages\":[" USER "]," OPENAI_TOOLS "%s}", cases[i].choice);
        struct answered a = server_ask(&s, "POST", CHAT, "", body);
        struct json *j = parse(a.body, a.body_len);
        const struct json *message = json_path(j, "choices[0].message");
        const struct json *call = json_path(message, "tool_calls[0]");
        cr_expect(json_type(json_get(message, "content")) == JSON_NULL);
        SAME(json_str(json_path(j, "choices[0].finish_reason")), "tool_calls");
        SAME(json_str(json_path(call, "function.name")), cases[i].name);
        const char *text = json_str(json_path(call, "function.arguments"));
        struct json *args = parse(text, strlen(text));
        check_arguments(args);
        cr_expect(json_num(json_path(j, "usage.completion_tokens"), 0) > 10);
        json_free(args);
        json_free(j);
        answered_free(&a);
    }
    AUTO_FREE char *none =
        ask_text(&s, CHAT, "",
                 "{\"model\":\"sim-mini\",\"tool_choice\":\"none\",\"messages\":[" USER
                 "]," OPENAI_TOOLS "}",
                 "choices[0].message.content");
    AUTO_FREE char *after = ask_text(
        &s, CHAT, "",
        "{\"model\":\"sim-mini\",\"messages\":[" USER
        ",{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":"
        "\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\","
        "\"tool_call_id\":\"c\",\"content\":\"open\"}]," OPENAI_TOOLS "}",
        "choices[0].message.content");
    SAME(none, after);
    server_stop(&s);
}

Test(provider_tools, messages_and_gemini_call_too)
{
    struct server s = start(NULL);
    struct answered a =
        server_ask(&s, "POST", MESSAGES, CLAUDE,
                   "{\"model\":\"sim-swift\",\"max_tokens\":300,\"messages\":[" USER
                   "],\"tools\":[{\"name\":\"look\",\"input_schema\":" SCHEMA "}]}");
    struct json *j = parse(a.body, a.body_len);
    SAME(json_str(json_get(j, "stop_reason")), "tool_use");
    SAME(json_str(json_path(j, "content[0].type")), "tool_use");
    SAME(json_str(json_path(j, "content[0].name")), "look");
    check_arguments(json_path(j, "content[0].input"));
    json_free(j);
    answered_free(&a);

    a = server_ask(&s, "POST", "/v1beta/models/sim-flash:generateContent", GOOGLE,
                   "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"What is the sum of "
                   "invoice number 3, please?\"}]}],\"tools\":[{\"functionDeclarations\":[{"
                   "\"name\":\"look\",\"parameters\":" SCHEMA "}]}]}");
    j = parse(a.body, a.body_len);
    SAME(json_str(json_path(j, "candidates[0].finishReason")), "STOP");
    SAME(json_str(json_path(j, "candidates[0].content.parts[0].functionCall.name")), "look");
    check_arguments(json_path(j, "candidates[0].content.parts[0].functionCall.args"));
    json_free(j);
    answered_free(&a);
    server_stop(&s);
}
