// The check that people write by hand, after the guides.
import { createClient } from "@supabase/supabase-js";

const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
};

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "OPTIONS") return new Response("ok", { headers: corsHeaders });
    const supabase = createClient(
      Deno.env.get("SUPABASE_URL") ?? "",
      Deno.env.get("SUPABASE_ANON_KEY") ?? "",
    );
    const token = request.headers.get("Authorization")?.replace("Bearer ", "");
    const { data, error } = await supabase.auth.getUser(token);
    if (error) {
      return Response.json({ error: error.message }, { status: 401, headers: corsHeaders });
    }
    return Response.json({ id: data.user.id }, { headers: corsHeaders });
  },
};
