-- The to-do list of each user.
--
-- user_id has no `default auth.uid()`, which sqlite (an engine of the local stack) cannot run. The
-- function that inserts a row sets it, and the policies below allow only the caller's id.
create table public.todos (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  title text not null,
  done boolean not null default false,
  created_at timestamptz not null default now()
);

create index todos_user_id_idx on public.todos (user_id);

alter table public.todos enable row level security;

-- With the sub-select Postgres evaluates auth.uid() once per query instead of once per row.
create policy "read own todos" on public.todos
  for select to authenticated using ((select auth.uid()) = user_id);

create policy "add own todos" on public.todos
  for insert to authenticated with check ((select auth.uid()) = user_id);

create policy "change own todos" on public.todos
  for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

create policy "delete own todos" on public.todos
  for delete to authenticated using ((select auth.uid()) = user_id);
