import { FakeTime } from "../../shared/testing/mod.ts";

export { FakeTime };

/** Runs a test in {@linkcode FakeTime}. */
export async function inFakeTime(run: (time: FakeTime) => unknown): Promise<void> {
  using time = new FakeTime();
  await run(time);
}
