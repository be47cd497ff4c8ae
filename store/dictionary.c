/* One row a dictionary, the newest of a protocol last. What comes most often stands nearest to the
 * end, where a reference to it costs least.
 */
#include "store/dictionary.h"

#include <string.h>

static const char openai_1[] =
    "{\"error\":{\"message\":\"\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}"
    "\"tool_calls\":[{\"id\":\"call_\",\"type\":\"function\",\"function\":{\"name\":\"\","
    "\"arguments\":\"{\\\""
    "\"reasoning_content\":\"\"logprobs\":{\"content\":[{\"token\":\" "
    "\",\"logprob\":-0.,\"bytes\":[],"
    "\"top_logprobs\":[\"finish_reason\":\"length\"}]"
    "{\"id\":\"chatcmpl-\",\"object\":\"chat.completion\",\"created\":17,\"model\":\"gpt-\","
    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_\",\"choices\":[{\"index\":0,"
    "\"message\":"
    "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null,\"annotations\":[]},\"logprobs\":"
    "null,"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_"
    "tokens\":1,"
    "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_"
    "details\":"
    "{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
    "\"rejected_prediction_tokens\":0}}}";

static const char responses_1[] =
    "{\"type\":\"function_call\",\"call_id\":\"call_\",\"name\":\"\",\"arguments\":\"{\\\""
    "{\"type\":\"reasoning\",\"id\":\"rs_\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"\"}]"
    "},"
    "{\"id\":\"resp_\",\"object\":\"response\",\"created_at\":17,\"status\":\"completed\","
    "\"background\":false,"
    "\"error\":null,\"incomplete_details\":null,\"instructions\":null,\"max_output_tokens\":null,"
    "\"model\":\"gpt-\","
    "\"output\":[{\"id\":\"msg_\",\"type\":\"message\",\"status\":\"completed\",\"role\":"
    "\"assistant\",\"content\":"
    "[{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"\"}]}],"
    "\"parallel_tool_calls\":true,\"previous_response_id\":null,\"reasoning\":{\"effort\":null,"
    "\"summary\":null},"
    "\"service_tier\":\"default\",\"store\":true,\"temperature\":1.0,\"text\":{\"format\":{"
    "\"type\":\"text\"}},"
    "\"tool_choice\":\"auto\",\"tools\":[],\"top_logprobs\":0,\"top_p\":1.0,\"truncation\":"
    "\"disabled\","
    "\"usage\":{\"input_tokens\":1,\"input_tokens_details\":{\"cached_tokens\":0},\"output_"
    "tokens\":1,"
    "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":1},\"user\":null,"
    "\"metadata\":{}}";

static const char anthropic_1[] =
    "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"\"}}"
    "{\"type\":\"tool_use\",\"id\":\"toolu_\",\"name\":\"\",\"input\":{{\"type\":\"thinking\","
    "\"thinking\":\""
    "\",\"signature\":\"\"stop_reason\":\"max_tokens\""
    "{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-\","
    "\"content\":"
    "[{\"type\":\"text\",\"text\":\"\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
    "\"usage\":"
    "{\"input_tokens\":1,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"
    "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0},"
    "\"output_tokens\":1,\"service_tier\":\"standard\"}}";

static const char gemini_1[] =
    "{\"error\":{\"code\":400,\"message\":\"\",\"status\":\"INVALID_ARGUMENT\"}}\"safetyRatings\":["
    "{\"category\":"
    "\"HARM_CATEGORY_HARASSMENT\",\"probability\":\"NEGLIGIBLE\"},\"thought\":true,"
    "\"functionCall\":{\"name\":\"\","
    "\"args\":{\"finishReason\":\"MAX_TOKENS\"\n      \n  "
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},"
    "\"finishReason\":\"STOP\","
    "\"index\":0,\"avgLogprobs\":-0.}],\"usageMetadata\":{\"promptTokenCount\":1,"
    "\"candidatesTokenCount\":1,"
    "\"totalTokenCount\":1,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":1}],"
    "\"candidatesTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":1}],\"thoughtsTokenCount\":"
    "1},"
    "\"modelVersion\":\"gemini-\",\"responseId\":\"\"}";

static const char *const protocols[] = {"openai", "openai-responses", "anthropic", "gemini"};
static const struct zipper_dictionary all[] = {
    {openai_1, sizeof openai_1 - 1},
    {responses_1, sizeof responses_1 - 1},
    {anthropic_1, sizeof anthropic_1 - 1},
    {gemini_1, sizeof gemini_1 - 1},
};
enum { ALL = sizeof all / sizeof *all };
_Static_assert(ALL == sizeof protocols / sizeof *protocols, "each has its protocol");

const struct zipper_dictionary *dictionaries(size_t *n)
{
    *n = ALL;
    return all;
}

struct zipper_dictionary dictionary_of(const char *protocol)
{
    for (size_t i = ALL; i-- > 0;)
        if (protocol && strcmp(protocols[i], protocol) == 0)
            return all[i];
    return (struct zipper_dictionary){"", 0};
}
