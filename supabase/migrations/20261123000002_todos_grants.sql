-- Supabase grants ALL on new tables in public to anon and authenticated by name. Row level security
-- holds either way; this also keeps callers without a user out of the table.
revoke all on table public.todos from anon;
revoke truncate, references, trigger on table public.todos from authenticated;
grant select, insert, update, delete on table public.todos to authenticated;
