/** WebKitGTK, the engine of Safari, driven over WebDriver. */

/** How to get what {@linkcode launchWebKit} looks for. */
export const HOW_TO_GET = "No WebKit was found. On Debian: `apt-get install " +
  "--no-install-recommends webkit2gtk-driver xvfb`.";

const BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

async function isThere(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", `command -v ${program}`],
    stdout: "null",
  }).output();
  return success;
}

/** Whether this machine has the driver, the browser and a display for it. */
export async function hasWebKit(): Promise<boolean> {
  const all = await Promise.all(["WebKitWebDriver", "Xvfb", BROWSER].map(isThere));
  return all.every(Boolean);
}

/** A session of WebDriver (W3C): one browser. */
export class WebKit implements AsyncDisposable {
  readonly #url: string;
  readonly #processes: readonly Deno.ChildProcess[];
  #session = "";
  #window = "";

  private constructor(url: string, processes: readonly Deno.ChildProcess[]) {
    this.#url = url;
    this.#processes = processes;
  }

  /**
   * Launches it on a display of its own.
   *
   * @throws {Error} It is not there; the message says how to get it.
   */
  static async launch(): Promise<WebKit> {
    if (!await hasWebKit()) throw new Error(HOW_TO_GET);
    const output = { stdout: "null", stderr: "null" } as const;
    const display = new Deno.Command("Xvfb", {
      args: ["-displayfd", "1", "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const { value } = await display.stdout.getReader().read();
    const number = new TextDecoder().decode(value).trim();
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const driver = new Deno.Command("WebKitWebDriver", {
      args: [`--port=${port}`],
      env: { DISPLAY: `:${number}`, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
      ...output,
    }).spawn();
    const webKit = new WebKit(`http://127.0.0.1:${port}`, [driver, display]);
    await webKit.#begin();
    return webKit;
  }

  async #begin(): Promise<void> {
    const options = { binary: BROWSER, args: ["--automation"] };
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
    for (;;) {
      try {
        const { sessionId } = await this.#send("POST", "/session", { capabilities });
        this.#session = `/session/${sessionId}`;
        await this.#send("POST", `${this.#session}/timeouts`, { script: 60_000 });
        return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // the driver does not listen yet
      }
    }
  }

  // deno-lint-ignore no-explicit-any -- an answer of WebDriver
  async #send(method: string, path: string, body?: unknown): Promise<any> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const { value } = await (await fetch(this.#url + path, init)).json();
    if (value?.error) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  }

  /** Opens a tab, and gives its handle. */
  async open(url: string): Promise<string> {
    const { handle } = await this.#send("POST", `${this.#session}/window/new`, { type: "tab" });
    await this.#switchTo(handle);
    await this.#send("POST", `${this.#session}/url`, { url });
    return handle;
  }

  async #switchTo(tab: string): Promise<void> {
    if (tab === this.#window) return;
    await this.#send("POST", `${this.#session}/window`, { handle: tab });
    this.#window = tab;
  }

  /** Runs the body of an async function in a tab; what it returns, as JSON. */
  async run<T>(tab: string, body: string): Promise<T> {
    await this.#switchTo(tab);
    const script = `const done = arguments[0];
      (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const result = await this.#send("POST", `${this.#session}/execute/async`, { script, args: [] });
    if (result.error !== undefined) throw new Error(result.error);
    return result.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#session) await this.#send("DELETE", this.#session).catch(() => {});
    for (const process of this.#processes) {
      process.kill();
      await process.status;
    }
  }
}
