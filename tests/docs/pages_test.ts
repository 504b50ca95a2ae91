// What holds for the pages as a whole: their size, their links, their numbers.
import { assert, assertEquals } from "@std/assert";
import { packagesIn } from "./commands.ts";
import { findAnchors, findBlocks, findLinks, listPages, readPage, ROOT } from "./pages.ts";

const names = await listPages();
const pages = new Map(
  await Promise.all(
    names.map(async (name) => [name, await readPage(name)] as const),
  ),
);

Deno.test("README.md has at most 1,900 words, and no line of over 220 characters", () => {
  const readme = pages.get("README.md")!;
  const words = readme.split(/\s+/).filter((word) => word !== "").length;
  assert(words <= 1900, `${words} words`);
  for (const line of readme.split("\n")) assert(line.length <= 220, line);
});

Deno.test("every link of a page leads to a file and a heading that are there", async () => {
  for (const [page, text] of pages) {
    for (const link of findLinks(text)) {
      if (/^https?:/.test(link)) continue;
      const [path, anchor] = link.split("#") as [string, string?];
      const target = path === "" ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      const stat = await Deno.stat(target).catch(() => null);
      assert(stat, `${page} links to ${link}`);
      if (anchor === undefined) continue;
      const anchors = findAnchors(await Deno.readTextFile(target));
      assert(anchors.includes(anchor), `${page} links to ${link}`);
    }
  }
});

Deno.test("every page is linked from README.md, directly or through other pages", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const link of findLinks(pages.get(page) ?? "")) {
      if (/^https?:/.test(link)) continue;
      const path = new URL(link.replace(/#.*/, ""), new URL(page, ROOT)).href.slice(
        ROOT.href.length,
      );
      // A link to a folder shows its README.
      const file = pages.has(path) ? path : `${path.replace(/\/$/, "")}/README.md`;
      if (pages.has(file)) reached.add(file);
    }
  }
  assertEquals(names.filter((name) => !reached.has(name)), []);
});

Deno.test("SECURITY.md numbers the guarantees from 1 to 10, and each number has tests", async () => {
  const list = /## Guarantees\n([^]*?)\n## /.exec(pages.get("SECURITY.md")!)![1]!;
  const numbers = [...list.matchAll(/^(\d+)\. /gm)].map((match) => Number(match[1]));
  assertEquals(numbers, Array.from({ length: 10 }, (_, index) => index + 1));
  const tests = await Deno.readTextFile(new URL("tests/guarantees_test.ts", ROOT));
  const tested = [...tests.matchAll(/^Deno\.test\("guarantee (\d+): /gm)]
    .map((match) => Number(match[1]));
  assertEquals([...new Set(tested)].toSorted((a, b) => a - b), numbers);
});

Deno.test("no page cites one that is not in the repository", () => {
  for (const [page, text] of pages) {
    const cited = text.match(/\bDESIGN\b|\bfield guide\b|\bFIELD_GUIDE\b|\btable of endings\b/);
    assertEquals(cited?.[0], undefined, page);
  }
});

Deno.test("the pages name the versions that the repository runs", async () => {
  const commands = [...pages].flatMap(([page, text]) => findBlocks(page, text))
    .map(({ text }) => text);
  const pins = await readPage(".tool-versions").catch(() => readPage(".ci/run"));
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("import_map.json", ROOT)));
  assertEquals(packagesIn([...pages.values()]), packagesIn(commands));
  const [deno] = /\bdeno[@ ][\d.]+/.exec(pins)!;
  assertEquals(deno?.slice("deno ".length), packagesIn(commands).get("deno"));
  const named = commands.join("").matchAll(/"([\w@/.-]+)": "(npm:[^"]+)"/g);
  for (const [, name, target] of named) assertEquals(target, imports[name!], name);
});

Deno.test("the commands of the pages hold no comments, which zsh would run", () => {
  for (const [page, text] of pages) {
    for (const { language, text: commands, line } of findBlocks(page, text)) {
      if (language === "sh") assert(!/(?:^|\s)#/m.test(commands), `${page}:${line}`);
    }
  }
});

Deno.test("no command uses $RANDOM within $(…), where zsh repeats the number", () => {
  for (const [page, text] of pages) {
    for (const { language, text: commands, line } of findBlocks(page, text)) {
      if (language === "sh") assert(!/\$\([^)]*\$RANDOM/.test(commands), `${page}:${line}`);
    }
  }
});
