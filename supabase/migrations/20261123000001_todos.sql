-- Each user's own to-do list.
--
-- user_id has no `default auth.uid()`: not every engine of the local stack can run one, so the
-- function that inserts names the user, and the policies below hold it to the caller.
create table public.todos (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  title text not null,
  done boolean not null default false,
  created_at timestamptz not null default now()
);

create index todos_user_id_idx on public.todos (user_id);

alter table public.todos enable row level security;

-- The sub-select makes Postgres evaluate auth.uid() once a query instead of once a row.
create policy "read own todos" on public.todos
  for select to authenticated using ((select auth.uid()) = user_id);

create policy "add own todos" on public.todos
  for insert to authenticated with check ((select auth.uid()) = user_id);

create policy "change own todos" on public.todos
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

create policy "delete own todos" on public.todos
  for delete to authenticated using ((select auth.uid()) = user_id);
