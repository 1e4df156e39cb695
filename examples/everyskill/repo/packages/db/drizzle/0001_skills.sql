CREATE TABLE "skills" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"summary" text NOT NULL,
	"author" text NOT NULL,
	"embedding" vector(64) NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "skills_author_index" ON "skills" USING btree ("author");--> statement-breakpoint
CREATE INDEX "skills_embedding_index" ON "skills" USING hnsw ("embedding" vector_cosine_ops);