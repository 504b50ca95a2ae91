// What `supabase gen types typescript --local` writes, for the two tables of this function.

/** A row of `public.organizations`; `created_at` is ISO 8601. */
export type Organization = {
  id: string;
  name: string;
  created_at: string;
};

/** A row of `public.members`. */
export type Member = {
  organization_id: string;
  user_id: string;
  role: string;
  created_at: string;
};

/** The schema, in supabase-js' form. */
export type Database = {
  public: {
    Tables: {
      organizations: {
        Row: Organization;
        Insert: Pick<Organization, "name"> & Partial<Organization>;
        Update: Partial<Organization>;
        Relationships: [];
      };
      members: {
        Row: Member;
        Insert: Pick<Member, "organization_id" | "user_id"> & Partial<Member>;
        Update: Partial<Member>;
        Relationships: [];
      };
    };
    Views: Record<never, never>;
    Functions: Record<never, never>;
  };
};
