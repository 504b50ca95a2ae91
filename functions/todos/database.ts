// What `supabase gen types typescript --local` writes, for the one table of this function.

/** A row of `public.todos`; `created_at` is ISO 8601. */
export type Todo = {
  id: string;
  user_id: string;
  title: string;
  done: boolean;
  created_at: string;
};

/** The schema, in supabase-js' form. */
export type Database = {
  public: {
    Tables: {
      todos: {
        Row: Todo;
        Insert: Pick<Todo, "user_id" | "title"> & Partial<Todo>;
        Update: Partial<Todo>;
        Relationships: [];
      };
    };
    Views: Record<never, never>;
    Functions: Record<never, never>;
  };
};
