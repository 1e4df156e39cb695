import { authorOfHost, querySchema } from '@everyskill/core';
import { findSimilarSkills, listSkills } from '@everyskill/db';
import { Button, SkillCard } from '@everyskill/ui';
import { headers } from 'next/headers';
import { PublishSkill } from '@/components/publish-skill';
import { SignIn } from '@/components/sign-in';
import { isSignedIn } from '@/lib/admin';
import { env } from '@/lib/env';
import { database, embedding } from '@/lib/services';

// The skills are those of the moment, and there is no database to ask during the build.
export const dynamic = 'force-dynamic';

export default async function HomePage({ searchParams }: PageProps<'/'>) {
  const query = querySchema.safeParse((await searchParams).q);
  const author = authorOfHost((await headers()).get('host') ?? '', env().AUTH_URL);
  const skills = query.success
    ? await findSimilarSkills(database(), await embedding(query.data))
    : await listSkills(database(), author);

  return (
    <main>
      <h1>{author ? `Skills by ${author}` : 'everyskill'}</h1>

      <form>
        <input
          type="search"
          name="q"
          aria-label="Search"
          defaultValue={query.data}
          maxLength={200}
        />
        <Button>Search</Button>
      </form>

      {skills.length === 0 && <p>No skills yet.</p>}
      {skills.map((skill) => (
        <SkillCard key={skill.id} name={skill.name} summary={skill.summary} author={skill.author} />
      ))}

      <footer>{(await isSignedIn()) ? <PublishSkill /> : <SignIn />}</footer>
    </main>
  );
}
