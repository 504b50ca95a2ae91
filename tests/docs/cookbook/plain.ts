/// <reference lib="dom" />
import { onSession, problemOf } from "../../../shared/browser/mod.ts";
import { supabase } from "./supabase.ts";

const output = document.querySelector("output")!;

onSession(supabase, ({ kind }) => document.body.dataset.session = kind);

document.querySelector("form")!.addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = document.querySelector("input")!.value;
  const { data, error } = await supabase.functions.invoke<{ title: string }>("todos", {
    body: { title },
  });
  const problem = problemOf(error); // `sign_in` was handled by onSignedOut
  output.textContent = problem?.message ?? data?.title ?? "";
});
