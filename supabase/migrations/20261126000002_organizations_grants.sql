-- As for todos: TRUNCATE is not subject to row level security.
revoke truncate, references, trigger on table public.organizations, public.members
  from anon, authenticated;
