// A substitute for aws-lambda-ric where that does not build: receive events from Lambda's Runtime API,
// call the handler, and send back what it returns or throws. It does less than the original (no
// patched console, no callbacks, no streams), so measurements under it are too favorable.
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const ask = (method, what, body) =>
  new Promise((resolve, reject) => {
    const options = { host, port, agent, method, path: `/2018-06-01/runtime/${what}` };
    const request = http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve([response.headers, Buffer.concat(parts).toString()]));
    });
    request.on("error", reject);
    request.end(body);
  });

const failure = (error) =>
  JSON.stringify({ errorType: error?.name, errorMessage: String(error?.message ?? error) });

const [module, name] = process.argv[2].split(".");
const require = createRequire(path.join(process.env.LAMBDA_TASK_ROOT, "/"));
const handler = require(`./${module}.js`)[name];

for (;;) {
  const [headers, body] = await ask("GET", "invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  const context = {
    awsRequestId: id,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    getRemainingTimeInMillis: () => headers["lambda-runtime-deadline-ms"] - Date.now(),
  };
  try {
    const result = await handler(JSON.parse(body), context);
    await ask("POST", `invocation/${id}/response`, JSON.stringify(result ?? null));
  } catch (error) {
    await ask("POST", `invocation/${id}/error`, failure(error));
  }
}
