// Loads one function and serves it, as the edge runtime does: the same few lines for all.
const { default: app } = await import(Deno.args[0] ?? "") as {
  default: { fetch(request: Request): Response | Promise<Response> };
};
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, (r) => {
  return app.fetch(r);
});
