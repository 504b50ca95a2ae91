/** `deno task dev`: the embedded stack, until Ctrl-C. */

import { help, readCommand, takenPort } from "./cli.ts";

const command = readCommand(Deno.args);

if (command.kind === "help") {
  console.log(help);
} else if (command.kind === "wrong") {
  console.error(command.message);
  Deno.exit(1);
} else {
  await run(command.port, command.engine);
}

async function run(port: number, engine: "sqlite" | "pglite"): Promise<void> {
  // Loaded here, so that a wrong command line fails at once.
  const { bootStack } = await import("./stack.ts");
  const { banner, mailLines } = await import("./banner.ts");
  const stopped = Promise.withResolvers<void>();
  // Windows has no SIGTERM.
  const signals = Deno.build.os === "windows"
    ? ["SIGINT"] as const
    : ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => stopped.resolve());
  }
  try {
    const log = (line: string) => console.log(line);
    const onMail = (mail: Parameters<typeof mailLines>[0]) => log(mailLines(mail));
    const stack = await bootStack({ port, engine, watch: true, log, onMail });
    log(await banner(stack));
    await stopped.promise;
    await stack.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    console.error(takenPort(port));
    Deno.exit(1);
  }
  Deno.exit(0);
}
