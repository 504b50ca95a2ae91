// The types of `@std/yaml` that the npm build of std leaves out (JSR ships them itself).

export function parse(yaml: string): unknown;
