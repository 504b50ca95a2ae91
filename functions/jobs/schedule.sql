-- Calls the function `jobs` every night, and after every new row of `todos`. Run it once, in the SQL
-- editor of the dashboard. Before that, create a secret key named `cron` (Settings, API Keys), and
-- store two secrets in the Vault (Integrations, Vault):
--
--   project_url   https://<project>.supabase.co
--   cron_key      the key, which begins with sb_secret_
--
-- This keeps the key out of jobs, triggers and statement logs. Only while a call waits to be sent is
-- it in net.http_request_queue, so never add the schema `net` to those of the Data API. A new value
-- in the Vault is used from the next call on.

create extension if not exists pg_cron;
create extension if not exists pg_net;

-- The Data API does not serve this schema.
create schema if not exists private;

-- Sends a POST when the transaction is committed, and does not wait for the response. The response
-- stays in net._http_response for six hours, under the id that this function returns.
create or replace function private.call_function(path text, body jsonb default '{}')
returns bigint language sql security definer set search_path = '' as $$
  select net.http_post(
    url := (select decrypted_secret from vault.decrypted_secrets where name = 'project_url')
      || '/functions/v1/' || path,
    headers := jsonb_build_object(
      'Content-Type', 'application/json',
      'apikey', (select decrypted_secret from vault.decrypted_secrets where name = 'cron_key')
    ),
    body := body,
    timeout_milliseconds := 10000
  );
$$;
revoke execute on function private.call_function from public;

-- A cron job: every night at 03:30 UTC. Its runs are in cron.job_run_details.
-- To remove it: select cron.unschedule('remove-done-todos');
select cron.schedule('remove-done-todos', '30 3 * * *', $$
  select private.call_function('jobs/remove-done')
$$);

-- A database webhook. Its body is that of webhooks made in the dashboard, which keep the key in the
-- text of their trigger. To remove it: drop trigger todo_added on public.todos;
create or replace function private.send_todo_added()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform private.call_function('jobs/todo-added', jsonb_build_object(
    'type', tg_op,
    'schema', tg_table_schema,
    'table', tg_table_name,
    'record', to_jsonb(new),
    'old_record', null
  ));
  return null;
exception when others then
  raise warning 'todo_added: %', sqlerrm; -- a row is stored whether or not the call could be made
  return null;
end;
$$;
create or replace trigger todo_added after insert on public.todos
  for each row execute function private.send_todo_added();
