// Leaves the check to the gateway: `verify_jwt = true`.
const headers = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
};

export default {
  fetch: () => Response.json({ message: "in" }, { headers }),
};
