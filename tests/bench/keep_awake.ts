// Keeps the CPUs from sleeping, at the lowest priority. A subject that asks Auth leaves its CPU idle
// meanwhile, and waking a virtual CPU takes longer than what is compared here: a raw fetch of /user
// took 650 us with CPUs that slept, 245 us with CPUs that were awake.
import os from "node:os";
import { answerLines } from "./processes.ts";

if (import.meta.main) {
  os.setPriority(os.constants.priority.PRIORITY_LOW); // the threads started below inherit it
  const spin = URL.createObjectURL(new Blob(["for (;;);"], { type: "text/javascript" }));
  for (let cpu = 0; cpu < navigator.hardwareConcurrency; cpu++) {
    new Worker(spin, { type: "module" });
  }
  await answerLines("awake", () => null);
}
