/** `deno task dev`: the embedded stack, until Ctrl-C. */

import { help, readCommand, type RunCommand } from "./cli.ts";

/** How long the stack may take to answer what is under way, once it is told to end. */
const CLOSE_TIMEOUT_MS = 2_000;

/** The exit code of a process that a second Ctrl-C ends: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/** A company's proxy is not for what the stack and its functions send to each other. */
function keepLoopbackDirect(): void {
  const hosts = Deno.env.get("NO_PROXY") ?? Deno.env.get("no_proxy") ?? "";
  if (!hosts.split(",").includes("127.0.0.1")) {
    Deno.env.set("NO_PROXY", `${hosts && `${hosts},`}127.0.0.1,localhost`);
  }
}

/** Runs the stack; returns the exit code. */
async function run({ port, engine, project }: RunCommand): Promise<number> {
  // Loaded here, so that a wrong command line fails at once.
  const { bootStack } = await import("./stack.ts");
  const { banner, mailLines, skippedLines } = await import("./banner.ts");
  const { findProject, ProjectError } = await import("./project.ts");
  const stopped = Promise.withResolvers<void>();
  let isUp = false;
  let signals = 0;
  const stop = () => {
    signals++;
    if (!isUp || signals > 1) Deno.exit(signals > 1 ? INTERRUPTED : 0);
    stopped.resolve();
  };
  Deno.addSignalListener("SIGINT", stop);
  // Windows has no SIGTERM.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
  keepLoopbackDirect();
  const log = (line: string) => console.log(line);
  try {
    // deno task runs in this repository: a relative folder is meant from where it was called.
    const from = Deno.env.get("INIT_CWD") || Deno.cwd();
    const stack = await bootStack({
      ...(port === undefined ? {} : { port }),
      ...(engine === undefined ? {} : { engine }),
      ...(project === undefined ? {} : { project: await findProject(project, from) }),
      watch: true,
      log,
      onMail: (mail) => log(mailLines(mail)),
    });
    isUp = true;
    for (const line of skippedLines(stack.migrations)) log(line);
    log(await banner(stack));
    await stopped.promise;
    const late = new Promise<void>((resolve) => void setTimeout(resolve, CLOSE_TIMEOUT_MS));
    await Promise.race([stack.close(), late]);
    return 0;
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse || error instanceof ProjectError)) throw error;
    console.error(error.message);
    return 1;
  }
}

/** Does what the command line says; returns the exit code. */
async function main(): Promise<number> {
  const command = readCommand(Deno.args);
  switch (command.kind) {
    case "help":
      console.log(help);
      return 0;
    case "keys": {
      const { apiKeys } = await import("./keys.ts");
      console.log(`PUBLISHABLE_KEY="${apiKeys.publishable}"\nSECRET_KEY="${apiKeys.secret}"`);
      console.log(`ANON_KEY="${apiKeys.anon}"\nSERVICE_ROLE_KEY="${apiKeys.serviceRole}"`);
      return 0;
    }
    case "wrong":
      console.error(command.message);
      return 1;
    case "run":
      return await run(command);
  }
}

Deno.exit(await main());
