/**
 * How the options of a check narrow the type of `c.var.auth`, also where the caller names its
 * `Database`. TypeScript infers all type arguments or none, so the kinds cannot be inferred beside a
 * `Database` that is given: instead there is one call signature for each set of kinds.
 *
 * @module
 */
import type { AllowMode, CallerKind } from "../core/allow.ts";
import type { Session } from "../core/claims.ts";

/** Every set of kinds, the smaller ones first: the first signature that fits a list is the narrowest. */
export type KindSets = [
  "user",
  "secret",
  "publishable",
  "none",
  "user" | "secret",
  "user" | "publishable",
  "user" | "none",
  "secret" | "publishable",
  "secret" | "none",
  "publishable" | "none",
  "user" | "secret" | "publishable",
  "user" | "secret" | "none",
  "user" | "publishable" | "none",
  "secret" | "publishable" | "none",
  CallerKind,
];

/** The modes that admit callers of these kinds. */
export type ModeOf<K extends CallerKind> = {
  user: "user";
  secret: Extract<AllowMode, `secret${string}`>;
  publishable: Extract<AllowMode, `publishable${string}`>;
  none: "none";
}[K];

/** The options of a check that {@linkcode CallerOptions} is about. */
export type CallerOption = "allow" | "allowSessionless" | "admin";

/** The options of a check that decide about the type of `c.var.auth`. */
export type CallerOptions<
  K extends CallerKind,
  S extends Session | null,
  Admin extends boolean,
> =
  & ([K] extends ["user"] ? { readonly allow?: readonly ModeOf<K>[] | undefined }
    : { readonly allow: readonly ModeOf<K>[] })
  & ([S] extends [Session] ? { readonly allowSessionless?: false | undefined }
    : { readonly allowSessionless?: boolean | undefined })
  & ([Admin] extends [true] ? { readonly admin: true }
    : { readonly admin?: false | undefined });
