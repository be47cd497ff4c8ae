// The official SDKs against the loopback provider, every kind of reply it can give. TAP on stdout.
//
//   node sdk.mjs BASE_URL PROMPTS      (the packages lie beside it in node_modules)
//
// PROMPTS is a JSON file {"plain": [prompt...], "refused": [prompt...]}: the second kind are
// prompts that sim-swift and sim-pro decline now and then.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";

const base = process.argv[2];
const prompts = JSON.parse(readFileSync(process.argv[3], "utf8"));
const openai = new OpenAI({ apiKey: "k", baseURL: `${base}/v1`, maxRetries: 0, timeout: 20000 });
const anthropic = new Anthropic({ apiKey: "k", baseURL: base, maxRetries: 0, timeout: 20000 });
const google = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: base, timeout: 20000 } });

let n = 0;
let failed = 0;
async function test(name, body) {
  n++;
  try {
    await body();
    console.log(`ok ${n} - ${name}`);
  } catch (e) {
    failed++;
    console.log(`not ok ${n} - ${name}`);
    console.log(`# ${String(e.stack).split("\n").slice(0, 6).join("\n# ")}`);
  }
}
const user = (content) => [{ role: "user", content }];
const schema = {
  type: "object",
  properties: { order: { type: "string" }, count: { type: "integer" } },
  required: ["order"],
};
const plain = prompts.plain[0];
const open = "Tell me, at some length, how lamps are looked after."; // in no data set: a long reply

// --- OpenAI
const chat = (more, options) =>
  openai.chat.completions.create(
    { model: "sim-mini", temperature: 0, messages: user(plain), ...more }, options);
await test("openai: text, usage, log-probabilities", async () => {
  const r = await chat({ logprobs: true, top_logprobs: 2 });
  assert.ok(r.choices[0].message.content.length > 0);
  assert.equal(r.choices[0].finish_reason, "stop");
  assert.equal(r.usage.total_tokens, r.usage.prompt_tokens + r.usage.completion_tokens);
  const joined = r.choices[0].logprobs.content.map((t) => t.token).join("");
  assert.equal(joined, r.choices[0].message.content);
  assert.equal(r.choices[0].logprobs.content[0].top_logprobs.length, 2);
});
await test("openai: the stream says the same", async () => {
  const whole = await chat({});
  const stream = openai.chat.completions.stream({
    model: "sim-mini", temperature: 0, messages: user(plain),
    stream_options: { include_usage: true } });
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
  assert.deepEqual(final.usage, whole.usage);
});
await test("openai: a length stop", async () => {
  const r = await chat({ max_tokens: 2, messages: user(open) });
  assert.equal(r.choices[0].finish_reason, "length");
  assert.equal(r.usage.completion_tokens, 2);
});
await test("openai: a refusal, whole and streamed", async () => {
  for (const p of prompts.refused) {
    const r = await chat({ model: "sim-pro", messages: user(p) });
    if (r.choices[0].message.refusal === null) continue;
    assert.equal(r.choices[0].message.content, null);
    assert.equal(r.choices[0].finish_reason, "content_filter");
    let text = "";
    const s = await chat({ model: "sim-pro", messages: user(p), stream: true });
    for await (const c of s) text += c.choices[0]?.delta.refusal ?? "";
    assert.equal(text, r.choices[0].message.refusal);
    return;
  }
  assert.fail("nothing was refused");
});
const tools = [{ type: "function", function: { name: "look", parameters: schema } }];
await test("openai: a tool call, whole and streamed, and its result", async () => {
  const r = await chat({ tools });
  const call = r.choices[0].message.tool_calls[0];
  assert.equal(r.choices[0].finish_reason, "tool_calls");
  assert.equal(typeof JSON.parse(call.function.arguments).order, "string");
  const final = await openai.chat.completions
    .stream({ model: "sim-mini", temperature: 0, messages: user(plain), tools })
    .finalChatCompletion();
  assert.deepEqual(final.choices[0].message.tool_calls[0].function.arguments,
    call.function.arguments);
  const after = await chat({ tools, messages: [...user(plain), r.choices[0].message,
    { role: "tool", tool_call_id: call.id, content: "open" }] });
  assert.ok(after.choices[0].message.content.length > 0);
});
await test("openai: embeddings as numbers and as base64", async () => {
  const input = ["a refund", "a lamp"];
  const a = await openai.embeddings.create({ model: "sim-embed", input, encoding_format: "float" });
  const b = await openai.embeddings.create({ model: "sim-embed", input }); // base64 on the wire
  assert.equal(a.data[1].embedding.length, 64);
  a.data[1].embedding.forEach((x, i) => assert.ok(Math.abs(x - b.data[1].embedding[i]) < 1e-6));
});
const respond = (more, options) =>
  openai.responses.create({ model: "sim-mini", temperature: 0, input: plain, ...more }, options);
await test("openai responses: text and usage, the same text as chat gives", async () => {
  const r = await respond({});
  assert.equal(r.status, "completed");
  assert.equal(r.output_text, (await chat({})).choices[0].message.content);
  assert.equal(r.usage.total_tokens, r.usage.input_tokens + r.usage.output_tokens);
});
await test("openai responses: a length stop", async () => {
  const r = await respond({ input: open, max_output_tokens: 16 });
  assert.equal(r.status, "incomplete");
  assert.equal(r.incomplete_details.reason, "max_output_tokens");
});
await test("openai responses: a refusal", async () => {
  for (const p of prompts.refused) {
    const r = await respond({ model: "sim-pro", input: p });
    const part = r.output.find((o) => o.type === "message")?.content[0];
    if (part.type === "refusal") return assert.ok(part.refusal.length > 0);
  }
  assert.fail("nothing was refused");
});
await test("openai responses: a tool call", async () => {
  const r = await respond({ tools: [{ type: "function", name: "look", parameters: schema, strict: false }] });
  const call = r.output.find((o) => o.type === "function_call");
  assert.equal(call.name, "look");
  assert.equal(typeof JSON.parse(call.arguments).order, "string");
});
await test("openai responses: the stream says the same, event by event", async () => {
  for (const input of [plain, open]) {
    const more = { input, max_output_tokens: input === open ? 16 : 400,
      include: ["message.output_text.logprobs"], top_logprobs: 2 };
    const whole = await respond(more);
    let text = "", logprobs = 0, last = -1;
    const stream = openai.responses.stream({ model: "sim-mini", temperature: 0, ...more });
    stream.on("event", (e) => {
      assert.equal(e.sequence_number, last + 1);
      last = e.sequence_number;
      if (e.type === "response.output_text.delta") {
        text += e.delta;
        logprobs += e.logprobs.length;
      }
    });
    const final = await stream.finalResponse();
    assert.equal(final.output_text, whole.output_text);
    assert.equal(text, whole.output_text);
    assert.equal(final.status, input === open ? "incomplete" : "completed");
    assert.deepEqual(final.usage, whole.usage);
    assert.equal(logprobs, whole.output[0].content[0].logprobs.length);
    assert.ok(logprobs > 0 && last >= 8);
  }
});
await test("openai responses: refusals and tool calls in streams", async () => {
  let refused;
  for (const p of prompts.refused) {
    const r = await respond({ model: "sim-pro", input: p });
    const part = r.output.find((o) => o.type === "message")?.content[0];
    if (part.type !== "refusal") continue;
    let text = "";
    refused = part.refusal;
    for await (const e of await respond({ model: "sim-pro", input: p, stream: true }))
      if (e.type === "response.refusal.delta") text += e.delta;
    assert.equal(text, refused);
    break;
  }
  assert.ok(refused);
  const tools = [{ type: "function", name: "look", parameters: schema, strict: false }];
  const whole = (await respond({ tools })).output[0];
  const final = await openai.responses
    .stream({ model: "sim-mini", temperature: 0, input: plain, tools }).finalResponse();
  assert.equal(final.output[0].arguments, whole.arguments);
  assert.equal(final.output[0].name, "look");
});
await test("openai responses: a stream that is cut off", async () => {
  await assert.rejects(openai.responses
    .stream({ model: "sim-mini", input: open }, { headers: { "x-sim-fault": "cut" } }).finalResponse());
});
await test("openai responses: error classes", async () => {
  await assert.rejects(respond({}, { headers: { "x-sim-fault": "429" } }), OpenAI.RateLimitError);
  await assert.rejects(respond({ model: "none" }), OpenAI.NotFoundError);
});
await test("openai: models", async () => {
  const names = [];
  for await (const m of openai.models.list()) names.push(m.id);
  assert.ok(names.includes("sim-mini"));
});
for (const [fault, type] of [["429", OpenAI.RateLimitError], ["500", OpenAI.InternalServerError]])
  await test(`openai: status ${fault} is ${type.name}`, async () => {
    await assert.rejects(chat({}, { headers: { "x-sim-fault": fault } }), type);
  });
await test("openai: bad request and unknown model", async () => {
  await assert.rejects(chat({ temperature: 9 }), OpenAI.BadRequestError);
  await assert.rejects(chat({ model: "none" }), (e) =>
    e instanceof OpenAI.NotFoundError && e.code === "model_not_found");
});
await test("openai: a reply cut off, one that is no JSON, one that never comes", async () => {
  const fault = (f, more) => chat({}, { headers: { "x-sim-fault": f }, ...more });
  await assert.rejects(fault("cut"));
  await assert.rejects(fault("malformed"));
  await assert.rejects(fault("hang", { timeout: 300 }), OpenAI.APIConnectionTimeoutError);
});

// --- Anthropic
const message = (more, options) =>
  anthropic.messages.create(
    { model: "sim-swift", max_tokens: 300, temperature: 0, messages: user(plain), ...more }, options);
await test("anthropic: text and usage", async () => {
  const r = await message({});
  assert.ok(r.content[0].text.length > 0);
  assert.equal(r.stop_reason, "end_turn");
  assert.ok(r.usage.input_tokens > 0 && r.usage.output_tokens > 0);
});
await test("anthropic: the stream says the same", async () => {
  const whole = await message({});
  const final = await anthropic.messages
    .stream({ model: "sim-swift", max_tokens: 300, temperature: 0, messages: user(plain) })
    .finalMessage();
  assert.equal(final.content[0].text, whole.content[0].text);
  assert.equal(final.stop_reason, whole.stop_reason);
  assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
});
await test("anthropic: a length stop", async () => {
  const r = await message({ max_tokens: 2, messages: user(open) });
  assert.equal(r.stop_reason, "max_tokens");
});
await test("anthropic: a refusal", async () => {
  for (const p of prompts.refused) {
    const r = await message({ messages: user(p) });
    if (r.stop_reason === "refusal") return;
  }
  assert.fail("nothing was refused");
});
await test("anthropic: a tool call, whole and streamed, and its result", async () => {
  const tools = [{ name: "look", description: "looks", input_schema: schema }];
  const r = await message({ tools });
  const call = r.content.find((b) => b.type === "tool_use");
  assert.equal(r.stop_reason, "tool_use");
  assert.equal(typeof call.input.order, "string");
  const final = await anthropic.messages
    .stream({ model: "sim-swift", max_tokens: 300, temperature: 0, messages: user(plain), tools })
    .finalMessage();
  assert.deepEqual(final.content[0].input, call.input);
  const after = await message({ tools, messages: [...user(plain),
    { role: "assistant", content: r.content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "open" }] }] });
  assert.equal(after.content[0].type, "text");
});
for (const [fault, type] of [["429", Anthropic.RateLimitError], ["529", Anthropic.InternalServerError]])
  await test(`anthropic: status ${fault} is ${type.name}`, async () => {
    await assert.rejects(message({}, { headers: { "x-sim-fault": fault } }), type);
  });
await test("anthropic: bad request and unknown model", async () => {
  await assert.rejects(message({ messages: [] }), Anthropic.BadRequestError);
  await assert.rejects(message({ model: "none" }), Anthropic.NotFoundError);
});

// --- Gemini
const generate = (config, more) =>
  google.models.generateContent(
    { model: "sim-flash", contents: plain, config: { temperature: 0, ...config }, ...more });
await test("gemini: text, usage, log-probabilities", async () => {
  const r = await generate({ responseLogprobs: true, logprobs: 2 });
  assert.ok(r.text.length > 0);
  assert.equal(r.candidates[0].finishReason, "STOP");
  assert.equal(r.usageMetadata.totalTokenCount,
    r.usageMetadata.promptTokenCount + r.usageMetadata.candidatesTokenCount);
  const chosen = r.candidates[0].logprobsResult.chosenCandidates;
  assert.equal(chosen.map((t) => t.token).join(""), r.text);
});
await test("gemini: the stream says the same", async () => {
  const whole = await generate({});
  let text = "";
  let last;
  for await (const c of await google.models.generateContentStream(
    { model: "sim-flash", contents: plain, config: { temperature: 0 } })) {
    text += c.text ?? "";
    last = c;
  }
  assert.equal(text, whole.text);
  assert.deepEqual(last.usageMetadata, whole.usageMetadata);
});
await test("gemini: a length stop", async () => {
  const r = await generate({ maxOutputTokens: 2 }, { contents: open });
  assert.equal(r.candidates[0].finishReason, "MAX_TOKENS");
});
await test("gemini: a tool call and its result", async () => {
  const tools = [{ functionDeclarations: [{ name: "look", parametersJsonSchema: schema }] }];
  const r = await generate({ tools });
  assert.equal(r.functionCalls[0].name, "look");
  assert.equal(typeof r.functionCalls[0].args.order, "string");
  const after = await generate({ tools }, { contents: [
    { role: "user", parts: [{ text: plain }] }, r.candidates[0].content,
    { role: "user", parts: [{ functionResponse: { name: "look", response: { state: "open" } } }] }] });
  assert.ok(after.text.length > 0);
});
await test("gemini: error classes", async () => {
  const faulty = (f) => generate({ httpOptions: { headers: { "x-sim-fault": f } } });
  await assert.rejects(faulty("429"), (e) => e.status === 429);
  await assert.rejects(faulty("500"), (e) => e.status === 500);
  await assert.rejects(generate({}, { model: "none" }), (e) => e.status === 404);
});

console.log(`1..${n}`);
process.exit(failed > 0 ? 1 : 0);
