-- Supabase grants ALL on new tables in public to anon and authenticated by name. Row level security
-- holds for rows; TRUNCATE is not subject to it, so nobody keeps it.
revoke truncate, references, trigger on table public.todos from anon, authenticated;
