// The types of `@std/toml` that the npm build of std leaves out (JSR ships them itself).

export function parse(toml: string): Record<string, unknown>;
export function stringify(value: Record<string, unknown>): string;
