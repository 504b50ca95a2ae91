/** Clients of an app: how many there are, and who keeps their session fresh. */

import { packageFolderOf } from "../project/packages.ts";
import { lineOf, type SourceFile } from "../project/source_file.ts";
import type { Workspace } from "../project/workspace.ts";
import { madeBy } from "../source/client.ts";
import { at, environmentName, follow } from "../source/follow.ts";
import { children, memberPath, nameOf, type Node, property, text } from "../source/node.ts";
import { hasAwaitingListener } from "../source/listener.ts";
import type { SourceCheck } from "./scan.ts";
import { isAtLeast } from "./versions.ts";

/** Several clients of a page over one stored session. */
export const manyBrowserClients: SourceCheck = {
  id: "many-browser-clients",
  why:
    "Each client of supabase-js keeps and refreshes the session under the same key of the storage. Two refresh with the same token, and listeners of the one do not hear the other: users are signed out, or seem to be.",
  fix:
    "Make one client in a module of its own, and import it; `createBrowserClient` of @supabase/ssr hands out the same one.",
  start(workspace) {
    const found = new Map<string, { file: string; line: number }[]>();
    return {
      visit(file) {
        if (file.runtime === "function" || file.runtime === "server") return;
        if (file.nodes.some(isOfScript)) return;
        if (/(?:^|\/)(?:server|scripts?|api|cli|workers?|examples?|docs)\//.test(file.path)) return;
        for (const { node, key } of browserClients(file, workspace)) {
          const group = `${packageFolderOf(file.path, workspace)}|${key}`;
          const place = { file: file.path, line: lineOf(node) };
          found.set(group, [...found.get(group) ?? [], place]);
        }
      },
      *conclude() {
        for (const [first, ...others] of found.values()) {
          if (others.length === 0) continue;
          const all = [first!, ...others].map(({ file, line }) => `${file}:${line}`);
          yield {
            severity: "warning",
            ...others.at(-1)!,
            message: `${all.length} clients keep one session in the page: ${all.join(", ")}.`,
          };
        }
      },
    };
  },
};

/** What only a script of Node does: `process.exit()`, `require("dotenv")`. */
function isOfScript(node: Node): boolean {
  if (node.type === "MemberExpression") {
    return /^process\.(?:exit|argv)$/.test(memberPath(node).join("."));
  }
  const from = node.type === "ImportDeclaration"
    ? node.source as Node
    : node.type === "CallExpression" && nameOf(node.callee as Node) === "require"
    ? children(node, "arguments")[0]
    : undefined;
  return /^(?:node:|dotenv|fs$|child_process$)/.test(text(from) ?? "");
}

/** Clients that certainly are in the page, and the storage key that they share. */
function* browserClients(
  file: SourceFile,
  modules: Workspace,
): Generator<{ node: Node; key: string }> {
  for (const node of file.nodes) {
    if (node.type !== "CallExpression") continue;
    const place = { node, file, modules };
    const client = madeBy(place);
    if (client?.made !== "createClient") continue;
    if (client.from === undefined || !/supabase-js/.test(client.from)) continue;
    const [url, key, options] = children(node, "arguments");
    const names = [url, key].map((one) => environmentName(at(place, one)));
    const isOfPage = file.runtime === "browser" ||
      names.some((one) => /^(?:VITE|EXPO_PUBLIC|REACT_APP|GATSBY|VUE_APP)_/.test(one ?? ""));
    if (!isOfPage || names.some((one) => /SERVICE|SECRET/.test(one ?? ""))) continue;
    const value = options && follow(at(place, options))?.node;
    if (value !== undefined && value.type !== "ObjectExpression") continue;
    const auth = property(value, "auth");
    if (auth !== undefined && auth.type !== "ObjectExpression") continue;
    const persists = property(auth, "persistSession");
    if (persists?.type === "Literal" && persists.value === false) continue;
    if (property(auth, "storageKey") !== undefined || property(value, "accessToken")) continue;
    yield { node, key: names[0] ?? text(url) ?? nameOf(url) ?? "" };
  }
}

/** A phone's app, whose timers stand still in the background. */
export const reactNativeRefresh: SourceCheck = {
  id: "react-native-auto-refresh",
  why:
    "React Native stops timers in the background, and nothing tells supabase-js when the app is back: the token runs out, and the first calls after that are refused, or refresh all at once.",
  fix:
    'Where the client is made: `AppState.addEventListener("change", (state) => state === "active" ? supabase.auth.startAutoRefresh() : supabase.auth.stopAutoRefresh())`.',
  start(workspace) {
    const made = new Map<string, { file: string; line: number }>();
    const started = new Set<string>();
    return {
      visit(file) {
        const folder = packageFolderOf(file.path, workspace);
        const isNative = file.nodes.some((node) =>
          node.type === "ImportDeclaration" &&
          /^(?:react-native(?:\/|-mmkv|-url-polyfill|$)|@react-native-async-storage\/|expo-)/
            .test(text(node.source as Node) ?? "")
        );
        for (const node of file.nodes) {
          if (node.type === "MemberExpression" && memberPath(node).at(-1) === "startAutoRefresh") {
            started.add(folder);
          }
          if (!isNative || node.type !== "CallExpression") continue;
          const client = madeBy({ node, file, modules: workspace });
          if (client?.made !== "createClient") continue;
          const options = follow(at(client.call, children(node, "arguments")[2]))?.node;
          const auth = property(options, "auth");
          const refreshes = property(auth, "autoRefreshToken");
          if (property(auth, "storage") === undefined) continue;
          if (refreshes?.type === "Literal" && refreshes.value === false) continue;
          made.set(folder, { file: file.path, line: lineOf(node) });
        }
      },
      *conclude() {
        const message = "A client of React Native, and nothing calls auth.startAutoRefresh().";
        for (const [folder, place] of made) {
          if (!started.has(folder)) yield { severity: "warning", ...place, message };
        }
      },
    };
  },
};

/** A listener that waits for the lock it is called under. */
export const listenerDeadlock: SourceCheck = {
  id: "listener-deadlock",
  why:
    "Listeners are awaited while supabase-js holds its lock. One that awaits a call of the same client waits for the lock, and the lock for it: from then on every call hangs, and the user seems signed out. Measured at start and on refresh with 2.39.8 to 2.110.0; from 2.111.0 it does not hang.",
  fix:
    "Leave the listener first: `setTimeout(() => load(session), 0)`, or write the session down and load in an effect that depends on it. Or update supabase-js.",
  start(workspace) {
    return {
      *visit(file) {
        for (const node of file.nodes) {
          if (node.type !== "CallExpression") continue;
          if (!hasAwaitingListener(node, { runtime: file.runtime, file, modules: workspace })) {
            continue;
          }
          const folder = packageFolderOf(file.path, workspace);
          if (isAtLeast(WITHOUT_LOCK, folder, "@supabase/supabase-js", workspace)) continue;
          yield {
            severity: "warning",
            file: file.path,
            line: lineOf(node),
            message: "The listener of onAuthStateChange() awaits a call of supabase-js.",
          };
        }
      },
    };
  },
};

/** Measured: the first in which such a listener does not hang. */
const WITHOUT_LOCK = [2, 111, 0] as const;

/** All of this file. */
export const clientChecks: readonly SourceCheck[] = [
  manyBrowserClients,
  reactNativeRefresh,
  listenerDeadlock,
];
