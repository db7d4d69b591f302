// Wrap CDK's provider, and return its cost instead of its result: the time of entry on the monotonic
// clock that all processes of a machine share, the CPU time of all threads until it returned, and the
// resident memory.
//
// __entrypoint__.js and index.js are CDK's own, as it deploys them. They drop the port of the response
// URL, which is restored here through the hook that CDK has for its tests.
"use strict";

const provider = require("./__entrypoint__.js");

const send = provider.external.sendHttpRequest;
provider.external.sendHttpRequest = (options, body) =>
  send({ ...options, port: process.env.RESPONSE_PORT }, body);

exports.handler = async (event, context) => {
  const entered = Number(process.hrtime.bigint()) / 1e9;
  const before = process.cpuUsage();
  await provider.handler(event, context);
  const { user, system } = process.cpuUsage(before);
  return { entered, cpu_ms: (user + system) / 1e3, rss_mb: process.memoryUsage.rss() / 1e6 };
};
