-- Supabase grants ALL on new tables in public to anon and authenticated. TRUNCATE is not subject to
-- row level security, so it is revoked.
revoke truncate, references, trigger on table public.todos from anon, authenticated;
