// Keeps the machine's CPUs awake, at the lowest priority. One request after another leaves each CPU
// idle while the other answers, and waking a sleeping virtual CPU took longer than what the subjects
// do: a raw fetch of /user 650 us asleep, 245 us awake. It is the same for everybody, so it only
// hides what differs. --let-sleep measures without.
import os from "node:os";

if (import.meta.main) {
  os.setPriority(os.constants.priority.PRIORITY_LOW); // the threads started below inherit it
  const spin = URL.createObjectURL(new Blob(["for (;;);"], { type: "text/javascript" }));
  for (let cpu = 0; cpu < navigator.hardwareConcurrency; cpu++) {
    new Worker(spin, { type: "module" });
  }
  console.log(JSON.stringify({}));
  // Whoever started this holds the other end of stdin: when it goes away, so does this process.
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}
