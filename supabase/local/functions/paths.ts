import { pathToFileURL } from "node:url";

/** The file URL of a path. */
export function toFileUrl(path: string): string {
  return pathToFileURL(path).href;
}
