// The router from Node, by the koffi package (npm install koffi).
//
//   node route.mjs TABLE.shunt "a prompt"      SHUNT_LIBRARY names libshunt.so.0 if it is elsewhere
import { createRequire } from "node:module";

const koffi = createRequire(import.meta.url)("koffi");
const lib = koffi.load(process.env.SHUNT_LIBRARY ?? "libshunt.so.0");

koffi.opaque("shunt_table");
const Request = koffi.struct("shunt_request", {
  size: "uint32_t", flags: "uint32_t", text: "const char *", text_bytes: "size_t", task: "const char *",
  user_class: "const char *", point: "const char *", tokens: "uint64_t", lambda_per_usd: "double",
  mu_per_s: "double", allowed: "uint64_t *", allowed_words: "size_t", vector: "float *",
  vector_len: "size_t", encoder: "const char *",
});
const Decision = koffi.struct("shunt_decision", {
  size: "uint32_t", model: "int32_t", model_name: "const char *", model_tier: "int32_t", tier: "int32_t",
  complexity_class: "int32_t", reason: "int32_t", complexity: "double", quality: "double",
  cost_nusd: "int64_t", latency_ms: "double", runner_up: "int32_t", rule: "int32_t",
  rule_name: "const char *", point: "int32_t", kept: "uint32_t", text_bytes: "uint64_t",
});
const open = lib.func("int shunt_open(const char *path, _Out_ shunt_table **out)");
const route = lib.func("int shunt_route(const shunt_table *t, const shunt_request *r, _Inout_ shunt_decision *d)");
const close = lib.func("void shunt_close(shunt_table *t)");
const strerror = lib.func("const char *shunt_strerror(int status)");

function check(status) {
  if (status !== 0) throw new Error(strerror(status));
}

const [path, prompt] = process.argv.slice(2);
const out = [null];
check(open(path, out));
const table = out[0];
const decision = {
  size: koffi.sizeof(Decision), model: 0, model_name: null, model_tier: 0, tier: 0, complexity_class: 0,
  reason: 0, complexity: 0, quality: 0, cost_nusd: 0, latency_ms: 0, runner_up: 0, rule: 0, rule_name: null,
  point: 0, kept: 0, text_bytes: 0,
};
check(route(table, {
  size: koffi.sizeof(Request), flags: 0, text: prompt, text_bytes: Buffer.byteLength(prompt), task: null,
  user_class: null, point: null, tokens: 0, lambda_per_usd: 0, mu_per_s: 0, allowed: null,
  allowed_words: 0, vector: null, vector_len: 0, encoder: null,
}, decision));
console.log(decision.model_name, decision.quality.toFixed(6), Number(decision.text_bytes));
close(table);
