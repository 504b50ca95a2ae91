/** Reports changed files, one call per burst of changes. */

/** How long changes are collected: editors write a file in several steps. */
const BURST_MS = 80;

/**
 * Watches folders; one that does not exist is left out.
 *
 * @param changed Called with the paths of one burst.
 * @returns Stops watching.
 */
export function watchFolders(
  folders: readonly string[],
  changed: (paths: string[]) => void,
): () => void {
  const existing = folders.filter((folder) => {
    try {
      return Deno.statSync(folder).isDirectory;
    } catch {
      return false;
    }
  });
  if (existing.length === 0) return () => {};
  const watcher = Deno.watchFs(existing);
  const paths = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const report = () => {
    timer = undefined;
    changed([...paths]);
    paths.clear();
  };
  (async () => {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      for (const path of event.paths) paths.add(path);
      // A further change does not restart the timer: constant changes would never be reported.
      timer ??= setTimeout(report, BURST_MS);
    }
  })();
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
