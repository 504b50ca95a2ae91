-- Organizations, and who is a member of which. Rows are written with a secret key, which bypasses row
-- level security: no policy lets a user add one.
create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now()
);

create table public.members (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null default 'member',
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);

create index members_user_id_idx on public.members (user_id);

alter table public.organizations enable row level security;
alter table public.members enable row level security;

-- A policy of members that looked into members would call itself without end. So users see their own
-- memberships only, which is enough for a guard and for the policies of other tables.
create policy "users read their memberships" on public.members
  for select to authenticated using ((select auth.uid()) = user_id);

-- Without `public.` before members: sqlite (an engine of the local stack) cannot run it in a policy.
create policy "members read their organizations" on public.organizations
  for select to authenticated
  using (id in (select organization_id from members where user_id = (select auth.uid())));

create policy "admins rename their organizations" on public.organizations
  for update to authenticated
  using (id in (
    select organization_id from members where user_id = (select auth.uid()) and role = 'admin'
  ))
  with check (id in (
    select organization_id from members where user_id = (select auth.uid()) and role = 'admin'
  ));
