/** Tells what changed below some folders, once a burst. */

/** How long changes are gathered: editors write a file in several steps. */
const burst = 80;

/**
 * Watches folders; those that are not there are left out.
 *
 * @param changed Called with the paths of one burst.
 * @returns Ends the watching.
 */
export function watchFolders(
  folders: readonly string[],
  changed: (paths: string[]) => void,
): () => void {
  const there = folders.filter((folder) => {
    try {
      return Deno.statSync(folder).isDirectory;
    } catch {
      return false;
    }
  });
  if (there.length === 0) return () => {};
  const watcher = Deno.watchFs(there);
  const paths = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    timer = undefined;
    changed([...paths]);
    paths.clear();
  };
  (async () => {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      for (const path of event.paths) paths.add(path);
      // Not begun anew by each change: what writes all the time would else never be told.
      timer ??= setTimeout(tell, burst);
    }
  })();
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
