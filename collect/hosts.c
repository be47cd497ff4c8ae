/* The table. A host without an address of its own is asked where base_url says. */
#include "collect/hosts.h"

#include <stddef.h>
#include <string.h>

static const struct host table[] = {
    {"openai", "https://api.openai.com/v1", "OPENAI_API_KEY", "seed", "max_tokens", false, false},
    {"mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "random_seed", "max_tokens", false,
     false},
    {"deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", NULL, "max_tokens", false,
     false},
    {"groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "seed", "max_completion_tokens",
     false, false},
    {"together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", "seed", "max_tokens", true,
     false},
    {"openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "seed", "max_tokens",
     false, false},
    {"xai", "https://api.x.ai/v1", "XAI_API_KEY", "seed", "max_tokens", false, false},
    {"perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY", NULL, "max_tokens", false,
     true},
    {"vllm", NULL, NULL, "seed", "max_tokens", false, false},
    {"sglang", NULL, NULL, "seed", "max_tokens", false, false},
    {"llama.cpp", NULL, NULL, "seed", "max_tokens", false, false},
    {"ollama", NULL, NULL, "seed", "max_tokens", false, false},
    {"litellm", NULL, NULL, "seed", "max_tokens", false, false},
    {"portkey", NULL, NULL, "seed", "max_tokens", false, false},
};

const struct host hosts_else = {"", NULL, NULL, "seed", "max_tokens", false, false};

const struct host *host_find(const char *provider)
{
    for (size_t i = 0; provider && i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].provider, provider) == 0)
            return &table[i];
    return NULL;
}
